"""docs/extending.md: its package is made, and its commands run."""

import importlib
import json
import pathlib
import re
import shlex
import sys

import numpy as np
import pytest

from tf_mmdgan import config
from tf_mmdgan.methods import make_model
from tf_mmdgan.tools import evaluate, flag_config
from tf_mmdgan.training import finished, run

ROOT = pathlib.Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "extending.md").read_text()
CODE = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
COMMANDS = re.findall(r"^PYTHONPATH=\. tf-mmdgan (\w+) (.*)$", TEXT, re.M)
# One device, and little to do.
SMALL = (
    "--strategy=one_device", "--generator_width=4", "--critic_width=4",
    "--critic_steps=1", "--batch_size=8", "--steps=2", "--log_every=1",
    "--evaluate_every=0", "--sample_every=0",
)  # fmt: skip


@pytest.fixture
def package(tmp_path, monkeypatch):
    """The folder above the document's package, which is forgotten again."""
    file = tmp_path / CODE[0].splitlines()[0].removeprefix("# ")
    file.parent.mkdir()
    file.write_text("\n\n".join(CODE))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(ROOT)
    yield tmp_path
    forget()


def forget():
    for name in [n for n in sys.modules if n.partition(".")[0] == "mine"]:
        del sys.modules[name]
    importlib.invalidate_caches()


def parse(kind, flags, run_dir, *more):
    given = [f for f in shlex.split(flags) if not f.startswith("--run_dir")]
    return flag_config.parse(kind, [*given, f"--run_dir={run_dir}", *more])


def test_every_training_makes_a_model(package):
    trainings = [flags for tool, flags in COMMANDS if tool == "train"]
    assert len(trainings) == 3
    for flags in trainings:
        made = parse(config.TrainConfig, flags, "run", *SMALL)
        assert make_model(made, (16, 16, 1)).critic is not None


def test_a_run_of_ones_own_parts_is_sampled_without_them(
    package, tmp_path, monkeypatch, capsys
):
    (*_, (_, training), (_, scoring)) = COMMANDS
    run_dir = tmp_path / "run"
    made = parse(config.TrainConfig, training, run_dir, *SMALL)
    prepared = run.prepare(made)
    trained = prepared.train()
    assert np.isfinite(trained.result["kid"])
    assert "1 {'critic" in capsys.readouterr().out
    report = json.loads((run_dir / "report.json").read_text())
    assert report["extractor"] == "row_means-0"
    recorded = json.loads((run_dir / "config.json").read_text())["config"]
    assert recorded["kernel"] == "mine.parts:Laplacian(2.0) + 0.5*linear"

    chosen = parse(config.EvaluateConfig, scoring, run_dir)
    scores = evaluate.evaluate(chosen)["scores"]
    assert list(scores) == ["fid", "mine.parts:MeanGap(power=1)"]
    gap = scores["mine.parts:MeanGap(power=1)"]["mean_gap"]
    assert 0.0 < gap < np.inf

    # The networks are needed to draw, and nothing else.
    expected = trained.generate(3, seed=7)
    source = (tmp_path / "mine" / "parts.py").read_text()
    networks = source[: source.index("@dataclasses")]
    networks += source[source.index("def generator(") :]
    networks = networks[: networks.index("def load_stripes")]
    (tmp_path / "mine" / "parts.py").write_text(networks)
    forget()
    loaded = finished.load_run(run_dir, trust_run=True)
    np.testing.assert_array_equal(loaded.generate(3, seed=7), expected)
    exported = loaded.export(tmp_path / "export")
    assert (exported / "saved_model.pb").is_file()
    assert not hasattr(sys.modules["mine.parts"], "Laplacian")
