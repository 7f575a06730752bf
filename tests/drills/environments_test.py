"""Tools in environments that are unlike the usual one: what each says.

Each row is a line of bash. In it, $TRAIN, $SAMPLE, $EVALUATE and $HELP are
commands, of which $TRAIN makes two steps of a tiny run in $NEW, and $SAMPLE
draws from the run in $RUN, which is there already.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
from typing import NamedTuple

import drill_runs as runs
import numpy as np
import pytest

pytestmark = pytest.mark.slow

KERAS_JSON = "mkdir -p k; echo '{}' > k/keras.json; KERAS_HOME=k $SAMPLE"
TWO_WORKERS = (
    '{"cluster": {"worker": ["127.0.0.1:1", "127.0.0.1:9"]}, '
    '"task": {"type": "worker", "index": 1}}'
)


class Row(NamedTuple):
    """A line of bash, its exit code, and what is in its last message."""

    line: str
    code: int = 0
    message: str = ""


WORKS = [
    "env -u HOME $SAMPLE",
    "HOME=/proc $SAMPLE",
    "HOME=/nowhere KERAS_HOME=/proc/k $SAMPLE",
    "TMPDIR=/nowhere $SAMPLE",
    "env -i PATH=$PATH $SAMPLE",
    "ulimit -n 64; $SAMPLE",
    "ulimit -s 1024; $SAMPLE",
    "ulimit -c 0 -t 600; $SAMPLE",
    "umask 077; $TRAIN && [ $(stat -c %a $NEW/report.json) = 600 ]",
    "umask 000; $TRAIN && $TRAIN",
    "PYTHONOPTIMIZE=1 $SAMPLE",
    "PYTHONOPTIMIZE=2 $SAMPLE",
    "PYTHONWARNINGS=error $SAMPLE",
    "PYTHONDEVMODE=1 $SAMPLE",
    "PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 $SAMPLE",
    "PYTHONIOENCODING=ascii $SAMPLE",
    "LC_ALL=xx_XX.nonsense LANG= $SAMPLE",
    "LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 $TRAIN --run_dir=ünï/'a b'",
    "TZ=Nowhere/Nothing $SAMPLE",
    "COLUMNS=20 LINES=3 TERM=dumb NO_COLOR=1 $TRAIN",
    "COLUMNS=many TERM= $SAMPLE",
    "CUDA_VISIBLE_DEVICES=7 $SAMPLE",
    "TF_CPP_MIN_LOG_LEVEL=0 TF_ENABLE_ONEDNN_OPTS=0 $SAMPLE",
    "OMP_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 $SAMPLE",
    "TF_DETERMINISTIC_OPS=1 TF_FORCE_GPU_ALLOW_GROWTH=true $SAMPLE",
    "TF_USE_LEGACY_KERAS=1 $SAMPLE",
    "http_proxy=http://127.0.0.1:9 https_proxy=nonsense $EVALUATE",
    "TF_CONFIG= KERAS_BACKEND= TPU_NAME= $TRAIN",
    "TF_CONFIG='{}' $TRAIN",
    KERAS_JSON.format("broken"),
    KERAS_JSON.format('{"backend": "torch"}'),
    "mkdir keras flags data; touch errors.py files.py config.py images.py;"
    " $PYTHON -m tf_mmdgan.tools.sample $DRAWS",
    "cd /; $SAMPLE",
    "$PYTHON -I $TOOLS/sample.py $DRAWS",
    "N=\"it's\t50% of \\$HOME\"; cp -r $RUN \"$N\"; $SAMPLE --run_dir=\"$N\"",
    "cp -r $RUN -- --run; $SAMPLE --run_dir=--run",
    "ln -s $RUN link; mkdir a; $SAMPLE --run_dir=a/../link/",
    "cp -r $RUN mine; chown -R 65534 mine || exit 0; $SAMPLE --run_dir=mine",
    "$SAMPLE <&-",
    "$SAMPLE 2>&-",
    "$SAMPLE 2>/dev/full",
    "$TRAIN 2>/dev/full",
    "nohup $TRAIN </dev/null",
    "$TRAIN & sleep 1; kill -STOP $!; sleep 1; kill -CONT $!; wait $!",
]  # fmt: skip
REFUSED = [
    Row("KERAS_BACKEND=torch $SAMPLE", 2, "KERAS_BACKEND is torch"),
    Row("KERAS_BACKEND=nonsense $EVALUATE", 2, "KERAS_BACKEND is nonsense"),
    Row(KERAS_JSON.format('{"image_data_format": "channels_first"}'), 2, "image_data_format is channels_first"),  # noqa: E501
    Row(KERAS_JSON.format('{"floatx": "float64"}'), 2, "floatx is float64"),
    Row("KERAS_MAX_STEPS_PER_EPOCH=1 $TRAIN", 2, "Unset the environment"),
    Row("TF_CONFIG=nonsense $TRAIN", 2, "TF_CONFIG is not of the form"),
    Row("TPU_NAME=nonsense $TRAIN", 2, "no TPU at TPU_NAME='nonsense'"),
    Row("PYTHONOPTIMIZE=2 $TRAIN", 2, "under python -OO"),
    Row("TF_XLA_FLAGS=--nonsense $SAMPLE", 1, "TF_XLA_FLAGS: --nonsense"),
    Row("$SAMPLE >&-", 1, "cannot be written to stdout (Bad file"),
    Row("$SAMPLE >/dev/full", 1, "cannot be written to stdout (No space"),
    Row("$HELP >/dev/full", 1, "cannot be written to stdout (No space"),
    Row("$HELP | true; exit ${PIPESTATUS[0]}", 141),
    Row("$SAMPLE | true; exit ${PIPESTATUS[0]}", 141),
    Row("$EVALUATE 2>&1 | true; exit ${PIPESTATUS[0]}", 141),
    Row("ulimit -f 8; $TRAIN", 1, "File too large"),
    Row("unshare -m bash -c 'mkdir m; mount -t tmpfs -o size=400k m m && exec $TRAIN --run_dir=m/r'", 1, "No space left on device"),  # noqa: E501
    Row("$SAMPLE --run_dir=$'\\xff'", 2, "this is no text in UTF-8"),
    Row("$SAMPLE --out=/proc/a.png", 2, "--out=/proc/a.png cannot be written"),
    Row("$TRAIN --run_dir=/proc/run", 1, "/proc/run"),
]  # fmt: skip


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    """A run of two steps."""
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    runs.finish(folder, "--steps=2")
    return folder


@pytest.fixture
def environment(run_dir, tmp_path, rng):
    """Variables that are the commands of the rows, and what they are about."""
    images = tmp_path / "images.npz"
    np.savez(images, images=rng.integers(0, 256, (24, 4, 4, 1), dtype=np.uint8))
    tools = runs.ROOT / "tools"
    draws = f"--run_dir={run_dir} --num_samples=2 --out={tmp_path}/out.npz"
    train = " ".join(runs.command(tmp_path / "new", "--steps=2"))
    for folder in ("tools/", "flags/"):
        train = train.replace(folder, f"{runs.ROOT}/{folder}")
    return {
        "PYTHON": sys.executable,
        "TOOLS": str(tools),
        "RUN": str(run_dir),
        "NEW": f"{tmp_path}/new",
        "DRAWS": draws,
        "TRAIN": train,
        "SAMPLE": f"{sys.executable} {tools}/sample.py {draws}",
        "EVALUATE": f"{sys.executable} {tools}/evaluate.py --real={images} "
        f"--fake={images} --features=pixels --metrics=fid",
        "HELP": f"{sys.executable} {tools}/train.py --help",
    }


def bash(line, folder, environment, **settings):
    return subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=600,
        **settings,
    )


@pytest.mark.parametrize("line", WORKS)
def test_what_works(environment, tmp_path, line):
    done = bash(line, tmp_path, environment)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert (
        "num_samples" in done.stdout
        or "steps" in done.stdout
        or ("scores" in done.stdout)
    )
    json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row.line)
def test_what_is_told(environment, tmp_path, row):
    done = bash(row.line, tmp_path, environment)
    assert done.returncode == row.code, done.stderr
    assert "Traceback" not in done.stderr and not done.stdout
    assert row.message in (done.stderr.splitlines() or [""])[-1]


def end(line, folder, environment, number, until):
    """Starts a line, and sends a signal once there is some text on stderr."""
    with subprocess.Popen(
        ["bash", "-c", f"exec {line}"],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        told = ""
        try:
            while until not in told:
                told += process.stderr.readline()
                assert process.poll() is None, told
            process.send_signal(number)
            return process.wait(60), told + process.stderr.read()
        finally:
            process.kill()


@pytest.mark.parametrize(
    "number, code", [(signal.SIGTERM, -15), (signal.SIGINT, 130)]
)
@pytest.mark.usefixtures("foreground")
def test_a_worker_that_waits_says_so_and_can_be_ended(
    environment, tmp_path, number, code
):
    environment["TF_CONFIG"] = TWO_WORKERS
    found, told = end(
        environment["TRAIN"], tmp_path, environment, number, "waiting for"
    )
    assert found == code
    assert "worker 0 at 127.0.0.1:1 (from TF_CONFIG; --strategy=one_dev" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("with_nohup", [False, True])
@pytest.mark.usefixtures("foreground")
def test_a_closed_terminal_saves_unless_it_is_ignored(
    environment, tmp_path, with_nohup
):
    line = environment["TRAIN"].replace("--steps=2", "--steps=20")
    line += " --checkpoint_every=0 --evaluate_every=1"
    code, told = end(
        "nohup " * with_nohup + line, tmp_path, environment,
        signal.SIGHUP, "step 1:",
    )  # fmt: skip
    saved = list((tmp_path / "new" / "checkpoints").glob("step-*.index"))
    assert len(saved) == 1, told
    assert code == (0 if with_nohup else 129)
    assert ("SIGHUP: ended after step" in told) != with_nohup


@pytest.fixture
def stranger(run_dir, environment):
    """What runs a line as a user who owns nothing; the run is in $RUN."""
    if os.geteuid():
        pytest.skip("becoming another user needs the rights of root")
    as_nobody = {"user": 65534, "group": 65534, "extra_groups": []}
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        own = pathlib.Path(folder, "own")
        own.mkdir()
        os.chown(own, 65534, 65534)
        shutil.copytree(run_dir, f"{folder}/run")
        environment |= {"HOME": "/nonexistent", "RUN": f"{folder}/run"}
        for name, text in environment.items():
            environment[name] = text.replace(str(run_dir), f"{folder}/run")
        if bash(
            "$PYTHON -c 'import tf_mmdgan'", own, environment, **as_nobody
        ).returncode:
            pytest.skip("the package is where no other user can read it")

        def run(line):
            return bash(line, own, environment, **as_nobody)

        yield run


@pytest.mark.parametrize(
    "row",
    [
        Row("$SAMPLE --out=mine.npz"),
        Row("$TRAIN --run_dir=mine"),
        Row("ulimit -u 200; $SAMPLE --out=mine.npz"),
        Row("$SAMPLE --out=../a.png", 2, "--out=../a.png cannot be written (Permission denied)"),  # noqa: E501
        Row("$PYTHON $TOOLS/evaluate.py --run_dir=$RUN", 2, "run/report.json cannot be written (Permission denied)"),  # noqa: E501
        Row("$TRAIN --run_dir=$RUN --steps=3", 1, "Permission denied"),
        Row("$TRAIN --run_dir=../new", 1, "Permission denied"),
    ],
    ids=lambda row: row.line,
)  # fmt: skip
def test_another_user(stranger, row):
    done = stranger(row.line)
    assert done.returncode == row.code, done.stderr
    assert "Traceback" not in done.stderr
    assert row.message in (done.stderr.splitlines() or [""])[-1]


@pytest.mark.parametrize(
    "closed, words",
    [
        ("checkpoints/step-2.index", "step-2.index cannot be read: no perm"),
        ("checkpoints", "checkpoints cannot be read: no permission"),
        ("config.json", "config.json cannot be read (Permission denied)"),
    ],
)
def test_another_user_is_told_what_may_not_be_read(
    stranger, environment, closed, words
):
    pathlib.Path(environment["RUN"], closed).chmod(0)
    done = stranger("$SAMPLE --out=mine.npz")
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("\n") == 1 and words in done.stderr
    assert "damaged" not in done.stderr
