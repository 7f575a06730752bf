PYTHON ?= python3
RUN_DIR ?= runs/digits

PY := .venv/bin/python
READY := .venv/.ready

.PHONY: train test test-full lint docs dist-test bazel-test clean

# Trains the default recipe on the embedded digits, scores, draws, exports.
train: $(READY)
	@$(PY) tools/train.py --flagfile=flags/digits_drift.cfg --run_dir=$(RUN_DIR)

test: $(READY)
	$(PY) -m pytest --numprocesses=auto --dist=worksteal -m "not slow"

# The slow tests have processes of their own: TensorFlow keeps all the memory that
# a process has ever held.
test-full: test
	$(PY) -m pytest --numprocesses=auto --dist=worksteal -m slow

lint: $(READY)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

# The site, in build/site; a warning or a broken link is an error.
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict

# The wheel in an environment of its own, away from the checkout: trains, scores,
# exports and draws by its console scripts.
dist-test: $(READY)
	rm -rf build/dist build/dist-test
	$(PY) -m build --outdir build/dist .
	$(PYTHON) -m venv build/dist-test
	build/dist-test/bin/python -m pip install --quiet build/dist/*.whl
	cd build/dist-test && bin/tf-mmdgan train --recipe=digits_mmd --generator_width=4 \
		--critic_width=4 --steps=2 --run_dir=run
	cd build/dist-test && bin/tf-mmdgan-evaluate --run_dir=run
	cd build/dist-test && bin/tf-mmdgan-export --run_dir=run --export_dir=served
	cd build/dist-test && bin/tf-mmdgan sample --saved_model=served --out=grid.png
	cd build/dist-test && bin/tf-mmdgan sample --model=digits --out=digits.png

# Every layer with nothing but the layers below it at hand. Needs a Bazel: on
# Debian, apt-get install bazel-bootstrap bazel-rules-java.
bazel-test: $(READY)
	MMDGAN_PYTHON=$(CURDIR)/$(PY) bazel test //...

$(READY): setup.py
	$(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --upgrade pip
	$(PY) -m pip install --quiet -e '.[dev]'
	touch $@

clean:
	rm -rf .venv build *.egg-info .pytest_cache .ruff_cache
