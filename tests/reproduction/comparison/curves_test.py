"""Kept steps of a run, scored again."""

import shutil

import numpy as np
import pytest

from tf_mmdgan import errors, files, training
from tf_mmdgan.reproduction import comparison
from tf_mmdgan.reproduction.comparison import curves

LOG = [
    {"step": 0, "kid": 9.0},
    {"step": 20, "seconds_per_step": 0.9, "cpu_seconds_per_step": 0.5},
    {"step": 40, "seconds_per_step": 0.9, "cpu_seconds_per_step": 0.25},
]


@pytest.mark.parametrize("step, seconds", [(0, 0.0), (20, 10.0), (40, 15.0)])
def test_processor_time_is_that_of_the_steps_so_far(step, seconds):
    assert curves.cpu_seconds(LOG, step) == seconds


def test_processor_time_that_a_line_lacks_is_not_guessed():
    assert (
        curves.cpu_seconds([*LOG, {"step": 50, "seconds_per_step": 1.0}], 50)
        is None
    )


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    """A tiny run, two steps of which are kept."""
    folder = tmp_path_factory.mktemp("kept") / "run"
    training.train(
        dataset="digits", architecture="dcgan", generator_width=4,
        critic_width=4, latent_size=8, batch_size=8, steps=2,
        evaluate_every=1, evaluation_samples=64, keep_evaluated=True,
        export=False, strategy="one_device", run_dir=str(folder),
    )  # fmt: skip
    return folder


@pytest.mark.slow
def test_every_kept_step_has_the_scores_of_its_own_weights(
    run_dir, plan, make_result
):
    (cell,) = plan(data="digits", methods="mmd")
    cell.run_dir.parent.mkdir(parents=True)
    cell.run_dir.symlink_to(run_dir)
    before = make_result(cell, {"kid": 1.0, "kid_standard_error": 0.1})
    found = comparison.score_again(cell, before)
    assert [point["step"] for point in found.curve] == [0, 1, 2]
    for point in found.curve:
        report = training.evaluate(
            run_dir=str(run_dir),
            checkpoint=str(point["step"]),
            metrics="kid_exact,fid",
        )
        assert point["kid"] == report.scores["kid_exact"]["kid"]
        assert point["fid"] == report.scores["fid"]["fid"]
    assert found.scores["kid"] == pytest.approx(
        found.curve[-1]["kid"], rel=1e-6
    )
    assert {"precision", "recall", "blank_share"} <= set(found.scores)
    assert found.scores["copies"] == 0
    assert found.scores["hits_in_training"] <= found.scores["hits"]
    features = files.read_npz(cell.run_dir / curves.FEATURES)
    assert len(features["real"]) == len(features["generated"])
    assert np.isfinite(features["generated"]).all()


@pytest.mark.slow
def test_a_run_that_kept_nothing_is_named(run_dir, tmp_path):
    bare = tmp_path / "bare"
    bare.mkdir()
    shutil.copy(run_dir / "config.json", bare)
    shutil.copytree(run_dir / "checkpoints", bare / "checkpoints")
    with pytest.raises(errors.DataError, match="--keep_evaluated"):
        training.Curve.of(run_dir=str(bare))
