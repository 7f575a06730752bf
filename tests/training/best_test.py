"""The best checkpoint: when it is replaced, and when a run ends without one."""

import json
import shutil

import numpy as np
import pytest
import tiny

from tf_mmdgan import config, errors, metrics
from tf_mmdgan.evaluation import StepScores
from tf_mmdgan.training import best, callbacks, checkpoints, run
from tf_mmdgan.training.events import Events

adam_model, fit, state = tiny.adam_model, tiny.fit, tiny.state
REFERENCE = metrics.Reference(np.random.default_rng(0).normal(size=(80, 3)))


def scores(distance, fid=1.0, seed=1):
    """Those of samples at some distance from the real ones."""
    samples = np.random.default_rng(seed).normal(size=(60, 3)) + distance
    standing = REFERENCE.standing(samples)
    return StepScores({"kid": standing.kid, "fid": fid}, standing)


@pytest.fixture
def keeper(tmp_path):
    saver = checkpoints.Checkpoints(adam_model(), tmp_path / "best", keep=3)
    return best.BestCheckpoint(saver)


def test_it_is_kept_apart_from_the_last(tmp_path):
    model = adam_model()
    last = checkpoints.Checkpoints(model, tmp_path / "last", interval=1, keep=1)
    keeper = best.BestCheckpoint(
        checkpoints.Checkpoints(model, tmp_path / "best", keep=1)
    )
    distances = {0: 2.0, 1: 0.5, 2: 1.0, 3: 0.5}
    log = callbacks.MetricsLog(
        tmp_path / "metrics.jsonl", 100, Events(tmp_path)
    )
    weights = {}

    def score(scored):
        step = callbacks.current_step(scored)
        weights[step] = state(scored)
        return scores(distances[step])

    fit(model, 3, callbacks.Evaluation(score, 1, log, [keeper]), last)
    assert keeper.step == 1
    for folder, step in (("best", 1), ("last", 3)):
        saved = [path.stem for path in (tmp_path / folder).glob("*.index")]
        assert saved == [f"step-{step}"]
        restored = adam_model()
        assert checkpoints.Checkpoints(restored, tmp_path / folder).restore()
        for a, b in zip(state(restored), weights[step], strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_fall_within_the_error_needs_that_of_fid_too(keeper):
    """Of one law, by other samples: the difference is chance."""
    kids = {seed: scores(1.0, seed=seed).standing.kid for seed in range(9)}
    low, high = sorted(kids, key=kids.get)[4:6]
    new, old = (scores(1.0, seed=seed).standing for seed in (low, high))
    assert new.kid < old.kid and not metrics.is_lower(new, old)
    keeper(1, scores(1.0, fid=5.0, seed=high))
    keeper(2, scores(1.0, fid=6.0, seed=low))
    assert keeper.step == 1
    keeper(3, scores(1.0, fid=4.0, seed=low))
    assert keeper.step == 3


def test_a_lower_fid_alone_is_no_gain(keeper):
    keeper(1, scores(0.5, fid=5.0))
    keeper(2, scores(1.5, fid=1.0))
    assert keeper.step == 1
    keeper(3, StepScores({"kid": -9.0}))  # too few samples to tell
    assert keeper.step == 1


def test_the_last_three_stay(keeper, tmp_path):
    for step, distance in enumerate((4.0, 3.0, 2.0, 1.0), 1):
        keeper(step, scores(distance))
    saved = sorted(p.stem for p in (tmp_path / "best").glob("*.index"))
    assert saved == ["step-2", "step-3", "step-4"]
    assert keeper.step == 4


def test_a_run_that_was_killed_while_saving_it(keeper, tmp_path):
    assert keeper.step is None
    keeper(1, scores(1.0))
    assert best.BestCheckpoint(keeper.checkpoints).step == 1
    for path in (tmp_path / "best").glob("step-1.*"):
        path.unlink()
    assert keeper.step is None
    keeper(2, scores(2.0))
    assert keeper.step == 2


@pytest.mark.parametrize(
    "change",
    [
        {"step": np.array("one")},
        {"step": np.array([1, 2])},
        {"within": np.zeros((2, 2))},
        {"cross": np.zeros(3)},
        {"reference": np.array(["x"])},
        {"kid": None},
    ],
    ids=["text", "steps", "matrix", "shorter", "strings", "absent"],
)
def test_records_are_not_believed(keeper, change):
    keeper(1, scores(1.0))
    path = keeper.checkpoints.folder / best.BestCheckpoint.RECORD
    with np.load(path) as found:
        arrays = {k: v for k, v in (dict(found) | change).items()
                  if v is not None}  # fmt: skip
    np.savez(path, **arrays)
    assert keeper.step is None
    path.write_text("{")
    assert keeper.step is None


def test_scores_without_a_gain_end_a_run(tmp_path, keeper):
    path = tmp_path / "metrics.jsonl"
    keeper(2, scores(1.0))
    lines = [{"step": 1, "kid": 1.0}, {"step": 2, "kid": 0.5}]
    lines += [{"step": 2, "critic/loss": 1.0}, {"step": 3, "kid": 0.6}]
    stop = best.StopWithoutGain(keeper, path, 2, 1)

    def write():
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    assert not stop.is_due()  # nothing is logged yet
    write()
    assert not stop.is_due()
    lines.append({"step": 4, "kid": 0.7})
    write()
    assert stop.is_due()
    # A worker that keeps no best hears of it from the one that does.
    other = best.StopWithoutGain(None, path, 2, 1, lambda due: due or True)
    assert other.is_due()


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"keep_checkpoints": "some"}, "keep_checkpoints=some: must be all"),
        ({"keep_checkpoints": 0}, "keep_checkpoints=0"),
        ({"stop_after": -1}, "stop_after=-1"),
        ({"stop_after": 2, "evaluate_every": 0}, "needs --evaluate_every"),
    ],
)
def test_bad_settings_are_refused(wrong, words):
    with pytest.raises(errors.UsageError, match=words):
        config.TrainConfig(run_dir="x", **wrong)
    assert config.TrainConfig(run_dir="x").checkpoints_kept == 2
    given = config.TrainConfig(run_dir="x", keep_checkpoints="all")
    assert given.checkpoints_kept is None


@pytest.mark.slow
def test_a_run_ends_where_it_no_longer_gains_and_stays_ended(tmp_path):
    settings = {
        "dataset": "digits",
        "generator_width": 4, "critic_width": 4, "critic_steps": 1,
        "strategy": "one_device", "steps": 9, "evaluate_every": 1,
        "evaluation_samples": 50, "stop_after": 2, "learning_rate": 1e-12,
        "export": False, "keep_checkpoints": "all", "checkpoint_every": 1,
    }  # fmt: skip
    first, second, third = (str(tmp_path / name) for name in "abc")
    ended = run.train(run_dir=first, **settings)
    assert ended.step < 9
    # Elsewhere, for this process still holds the first.
    shutil.copytree(first, second)
    assert run.train(run_dir=second, **settings).step == ended.step
    shutil.copytree(first, third)
    longer = run.train(run_dir=third, **settings | {"stop_after": 0})
    assert longer.step == 9
    saved = list((tmp_path / "c" / "checkpoints").glob("*.index"))
    assert len(saved) == 9
