"""Training on the ring."""

import dataclasses
import shutil

import numpy as np
import PIL.Image
import pytest

from tf_mmdgan import errors
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.data.sets import ring
from tf_mmdgan.reproduction import comparison
from tf_mmdgan.reproduction import ring as ring_run
from tf_mmdgan.tools import flag_config
from tf_mmdgan.training import callbacks


@pytest.fixture(autouse=True)
def fewer_points(monkeypatch):
    """All pairs of the published number would take seconds."""
    monkeypatch.setattr(ring_run, "POINTS", 2000)


def test_scores_of_the_ring_itself():
    scores = ring_run.score(ring.ring(2000, seed=1))
    assert scores["modes_covered"] == 8
    assert scores["high_quality"] == pytest.approx(1 - np.exp(-4.5), abs=0.01)
    assert scores["occupancy_tv"] < 0.04
    assert abs(scores["mmd2"]) < 4 * scores["mmd2_standard_error"] + 1e-4


def test_scores_of_one_mode():
    points = ring.ring(2000, seed=1, modes=1, std=0.1)
    scores = ring_run.score(points)
    assert scores["modes_covered"] == 1
    assert scores["occupancy_tv"] == pytest.approx(7 / 8)
    assert scores["mmd2"] > 0.3


def points(config):
    comparison.train_ring(config)
    return np.load(f"{config.run_dir}/points.npz")["points"]


def test_a_run_goes_on_to_the_same_points(plan, tmp_path):
    (cell,) = plan(data="ring", methods="gan", steps=3)
    short = dataclasses.replace(
        cell.config, generator_width=8, critic_width=8, batch_size=16,
        log_every=1, steps=2, run_dir=str(tmp_path / "short"),
    )  # fmt: skip
    first = points(short)
    assert first.shape == (2000, 2) and first.std() > 0
    shutil.copytree(short.run_dir, tmp_path / "more")
    more = dataclasses.replace(short, steps=3, run_dir=str(tmp_path / "more"))
    whole = dataclasses.replace(more, run_dir=str(tmp_path / "whole"))
    np.testing.assert_array_equal(points(more), points(whole))
    assert (points_of(tmp_path / "more") != first).any()
    log = callbacks.read_log(tmp_path / "more" / "metrics.jsonl")
    assert [line["step"] for line in log] == [1, 2, 3]
    picture = tmp_path / "more" / "samples" / "step_0000003.png"
    assert PIL.Image.open(picture).format == "PNG"
    # One that has gone further already is scored where it is.
    shutil.copytree(more.run_dir, tmp_path / "back")
    back = dataclasses.replace(more, steps=1, run_dir=str(tmp_path / "back"))
    result = comparison.train_ring(back)
    assert result["steps"] == 3
    assert result["samples"].endswith("back/samples/step_0000003.png")
    with pytest.raises(errors.UsageError, match="batch_size is 16 there"):
        comparison.train_ring(dataclasses.replace(more, batch_size=8))


def points_of(run_dir):
    return np.load(run_dir / "points.npz")["points"]


@pytest.mark.slow
def test_drifting_covers_the_ring(tmp_path, monkeypatch):
    monkeypatch.setattr(ring_run, "POINTS", 10_000)
    config = flag_config.parse(
        TrainConfig,
        [
            *ring_run.SETTINGS, "--objective=drift", "--learning_rate=1e-2",
            "--learning_rate_schedule=cosine", "--beta_2=0.999",
            f"--run_dir={tmp_path / 'run'}",
        ],
    )  # fmt: skip
    scores = ring_run.train_ring(config)
    assert scores["modes_covered"] == 8
    assert scores["high_quality"] > 0.88
    assert scores["occupancy_tv"] < 0.04
