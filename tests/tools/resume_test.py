"""Going on with a run, and beginning with its weights, as a user does it."""

import json
import subprocess
import sys

import numpy as np
import pytest

from tf_mmdgan import training

SMALL = (
    "--recipe=digits_gmmn", "--generator_width=4", "--critic_width=4",
    "--batch_size=16", "--evaluation_samples=100", "--max_block_size=50",
    "--noexport", "--strategy=one_device",
)  # fmt: skip


def train(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "tf_mmdgan.tools.train", *arguments],
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "first"
    done = train(*SMALL, "--steps=2", f"--run_dir={folder}")
    assert done.returncode == 0, done.stderr
    return folder


def weights(folder):
    return training.load_run(folder).model.generator.get_weights()


@pytest.mark.slow
def test_the_folder_alone_is_enough_to_go_on(first):
    refused = train(f"--resume={first}", "--batch_size=8")
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1
    assert "batch_size is 16 there, 8 here" in refused.stderr
    done = train(f"--resume={first}", "--steps=3")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["steps"] == 3
    record = json.loads((first / "config.json").read_text())["config"]
    assert record["steps"] == 3 and record["generator_width"] == 4
    again = train(f"--resume={first}")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout.splitlines()[-1])["steps"] == 3


@pytest.mark.slow
def test_another_run_begins_with_the_weights(first, tmp_path):
    begin = (*SMALL, "--steps=1", f"--init_from={first}")
    new = ("--learning_rate=1e-30", "--seed=5", "--optimizer=sgd")
    done = train(*begin, *new, f"--run_dir={tmp_path}/new")
    assert done.returncode == 0, done.stderr
    for one, other in zip(
        weights(first), weights(tmp_path / "new"), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    wide = train(*begin, "--generator_width=8", f"--run_dir={tmp_path}/wide")
    assert wide.returncode == 2 and wide.stderr.count("\n") == 1
    assert "is [10, 4] there, [10, 8] here; " in wide.stderr
    assert not (tmp_path / "wide").exists()


@pytest.mark.parametrize(
    "other, words",
    [
        ("--run_dir=two", "leave out --run_dir"),
        ("two", "Unexpected argument 'two'"),
    ],
)
def test_what_cannot_go_on_gets_one_line(other, words):
    done = train("--resume=one", other)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr and done.stderr.count("\n") == 1
