"""What is saved, restored, kept apart, and done at SIGTERM."""

import os
import shutil
import time

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny
from limits import within

from tf_mmdgan import errors, files
from tf_mmdgan.evaluation import StepScores
from tf_mmdgan.objectives import (
    MMDGAN,
    AdaptiveProbability,
    CriticAugmentation,
    Objective,
)
from tf_mmdgan.training import callbacks, checkpoints, guard
from tf_mmdgan.training.events import Events

adam_model, fit, state = tiny.adam_model, tiny.fit, tiny.state

pytestmark = pytest.mark.usefixtures("foreground")


def with_scaled_losses(rate):
    # The scale doubles on the way.
    return keras.optimizers.LossScaleOptimizer(
        keras.optimizers.Adam(rate), 256.0, dynamic_growth_steps=3
    )


@pytest.mark.parametrize(
    "optimizer",
    [
        keras.optimizers.Adam,
        pytest.param(with_scaled_losses, marks=pytest.mark.slow),
    ],
)
def test_continued_run_ends_with_the_same_bits(tmp_path, optimizer):
    def make():
        return tiny.model(batch_norm=True, critic_steps=1, optimizer=optimizer)

    straight = make()
    fit(straight, 5)
    first = make()
    fit(first, 2, checkpoints.Checkpoints(first, tmp_path))
    second = make()
    assert checkpoints.Checkpoints(second, tmp_path).restore()
    assert callbacks.current_step(second) == 2
    fit(second, 3)
    for a, b in zip(state(straight), state(second), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.slow
def test_a_probability_of_changes_goes_on_with_the_same_bits(tmp_path):
    probability = AdaptiveProbability(target=-0.9, images=160)
    changes = CriticAugmentation("flip,color", probability)
    objective = Objective(MMDGAN("rbf"), augmentation=changes)

    def make():
        return adam_model(objective=objective, critic_steps=2)

    straight, first, second = make(), make(), make()
    fit(straight, 9)
    fit(first, 5, checkpoints.Checkpoints(first, tmp_path))
    assert checkpoints.Checkpoints(second, tmp_path).restore()
    fit(second, 4)
    # Between two moves of the probability, which counts then.
    assert straight.adaptation.numpy()[[0, 2]].tolist() == [
        pytest.approx(0.8), 2.0,
    ]  # fmt: skip
    for a, b in zip(state(straight), state(second), strict=True):
        np.testing.assert_array_equal(a, b)


def test_nothing_to_restore_in_a_new_folder(tmp_path):
    assert not checkpoints.Checkpoints(
        adam_model(), tmp_path / "none"
    ).restore()


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A folder with checkpoints of steps 1 and 2, and the weights of 1."""
    folder = tmp_path_factory.mktemp("checkpoints")
    model = adam_model()
    saver = checkpoints.Checkpoints(model, folder, interval=1)
    fit(model, 1, saver)
    weights = model.generator.get_weights()
    fit(model, 1, saver)
    return folder, weights


@pytest.fixture
def two_checkpoints(sound, tmp_path):
    folder, weights = sound
    return shutil.copytree(folder, tmp_path / "copy"), weights


def damage(path, how):
    content = bytearray(path.read_bytes())
    if how == "truncated":
        content = content[: len(content) // 2]
    elif how == "empty":
        content = b""
    else:
        content[len(content) // 2] ^= 0x55
    path.write_bytes(content)


@pytest.mark.parametrize("how", ["truncated", "empty", "flipped"])
@pytest.mark.parametrize("part", ["data-00000-of-00001", "index"])
def test_damaged_checkpoint_is_passed_over(two_checkpoints, how, part):
    folder, weights = two_checkpoints
    damage(folder / f"step-2.{part}", how)
    model = adam_model()
    with pytest.warns(UserWarning, match="step-2 is damaged"):
        assert checkpoints.Checkpoints(model, folder).restore()
    assert callbacks.current_step(model) == 1
    for a, b in zip(model.generator.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.filterwarnings("ignore:Checkpoint")
def test_all_checkpoints_damaged_is_one_clear_error(two_checkpoints):
    folder, _ = two_checkpoints
    for step in (1, 2):
        damage(folder / f"step-{step}.data-00000-of-00001", "truncated")
    with pytest.raises(errors.DataError, match="another --run_dir"):
        checkpoints.Checkpoints(adam_model(), folder).restore()


def test_sound_checkpoint_of_another_model_is_not_called_damaged(sound):
    other = tiny.adam_model(outputs=3)
    with pytest.raises(errors.DataError, match="step-2 is whole, but of anoth"):
        checkpoints.Checkpoints(other, sound[0]).restore()


def test_checkpoint_that_may_not_be_read_is_not_passed_over(sound, monkeypatch):
    monkeypatch.setattr(
        os, "access", lambda part, mode: part.name != "step-2.index"
    )
    with pytest.raises(errors.DataError, match=r"2\.index cannot be read: no"):
        checkpoints.Checkpoints(adam_model(), sound[0]).restore()


def test_remains_of_a_killed_process_are_removed(two_checkpoints):
    folder, _ = two_checkpoints
    remains = folder / "step-3_temp"
    remains.mkdir()
    (remains / "part-00000-of-00001.tempstate1").write_bytes(b"half")
    before = {path.name for path in folder.iterdir()}
    checkpoints.Checkpoints(adam_model(), folder).remove_remains()
    after = {path.name for path in folder.iterdir()}
    assert before - after == {"step-3_temp"}


def test_what_is_no_remains_of_a_checkpoint_is_left_alone(two_checkpoints):
    folder, _ = two_checkpoints
    manager = checkpoints.Checkpoints(adam_model(), folder)
    (folder / "step-9_temp").mkdir()
    (folder / "step-9_temp" / "thesis.tex").touch()
    with pytest.raises(errors.DataError, match=r"holds thesis\.tex"):
        manager.remove_remains()
    (folder / "step-9_temp" / "thesis.tex").unlink()
    (folder / "step-8_temp").symlink_to(folder)
    with pytest.raises(errors.DataError, match="is a link"):
        manager.remove_remains()


@pytest.mark.parametrize("absolute", [False, True])
def test_a_record_of_checkpoints_deletes_no_other_files(
    two_checkpoints, tmp_path, absolute
):
    """TensorFlow deletes what the record names as old."""
    folder, _ = two_checkpoints
    other = shutil.copytree(folder, tmp_path / "other")
    record = folder / "checkpoint"
    place = str(other) if absolute else "../other"
    text = record.read_text().replace('"step-', f'"{place}/step-')
    assert place in text
    record.write_text(text)
    with pytest.raises(errors.DataError, match="names a checkpoint elsewhere"):
        checkpoints.Checkpoints(adam_model(), folder, keep=1)
    record.write_bytes(b"\xff" * 10)
    with pytest.raises(errors.DataError, match="is damaged"):
        checkpoints.Checkpoints(adam_model(), folder, keep=1)
    assert len(list(other.glob("step-*.index"))) == 2


def test_old_checkpoints_are_removed(tmp_path):
    model = adam_model()
    fit(model, 4, checkpoints.Checkpoints(model, tmp_path, interval=1, keep=2))
    kept = sorted(path.stem for path in tmp_path.glob("*.index"))
    assert kept == ["step-3", "step-4"]


def test_old_checkpoints_go_though_the_clock_is_set_back(tmp_path, monkeypatch):
    first = adam_model()
    fit(first, 2, checkpoints.Checkpoints(first, tmp_path, interval=1))
    start = time.time()
    monkeypatch.setattr(time, "time", lambda: start - 86400.0)
    second = adam_model()
    saver = checkpoints.Checkpoints(second, tmp_path, interval=1)
    assert saver.restore()
    fit(second, 2, saver)
    kept = sorted(path.stem for path in tmp_path.glob("step-*.index"))
    assert kept == ["step-3", "step-4"]


def test_nan_stops_the_run_and_names_step_and_loss(tmp_path):
    model, data = adam_model(), tiny.batches()
    # Batches 0 to 3 are the first two steps; the fifth is broken.
    nan = tf.constant(np.nan, tf.float32)
    broken = data.take(4).concatenate(data.map(lambda x: x * nan))
    saver = checkpoints.Checkpoints(model, tmp_path, interval=1)
    with pytest.raises(errors.DataError, match=r"Step 3: .*critic/loss"):
        model.fit(
            broken,
            steps_per_epoch=5,
            verbose=0,
            callbacks=[guard.StopAtNaN(), saver],
        )
    newest = adam_model()
    assert checkpoints.Checkpoints(newest, tmp_path).restore()
    assert callbacks.current_step(newest) == 2
    assert all(np.isfinite(value).all() for value in state(newest))


@pytest.mark.parametrize("keep, steps", [(2, [2, 3]), (None, [1, 2, 3])])
def test_the_last_ones_stay_or_all(tmp_path, keep, steps):
    saver = checkpoints.Checkpoints(adam_model(), tmp_path, keep=keep)
    for step in (1, 2, 3):
        saver.act(step, {})
    assert sorted(saver.saved_steps()) == steps


def test_weights_that_are_not_finite_are_not_saved(tmp_path):
    model = adam_model()
    saver = checkpoints.Checkpoints(model, tmp_path)
    saver.act(1, {})
    kernel = model.generator.trainable_variables[0]
    kernel.assign(kernel.value * np.nan)
    with pytest.raises(errors.DataError, match=r"Step 2: .*kernel is not"):
        saver.act(2, {})
    assert [path.stem for path in tmp_path.glob("*.index")] == ["step-1"]


def test_averaged_weights_of_evaluated_steps_come_back(tmp_path):
    model = adam_model()
    kept = checkpoints.EvaluatedWeights(model, tmp_path)
    seen = {}

    def score(scored):
        weights = scored.network("ema").get_weights()
        seen[callbacks.current_step(scored)] = weights
        return StepScores({"kid": 0.0})

    log = callbacks.MetricsLog(
        tmp_path / "metrics.jsonl",
        100,
        Events(tmp_path),
    )
    fit(model, 4, callbacks.Evaluation(score, 2, log, [kept]))
    assert kept.steps() == [0, 2, 4]
    other = adam_model()
    checkpoints.EvaluatedWeights(other, tmp_path).restore(2)
    for a, b in zip(other.network("ema").get_weights(), seen[2], strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(errors.DataError, match="step_0000003"):
        kept.restore(3)
    files.write_npz(tmp_path / "step_0000002.npz", only=np.zeros(3))
    with pytest.raises(errors.DataError, match="another generator"):
        kept.restore(2)


@pytest.mark.parametrize(
    "name", ["checkpoint", "step-1.index", "step-1.data-00000-of-00001"]
)
def test_pipes_in_place_of_checkpoints_are_refused(tmp_path, name):
    checkpoints.Checkpoints(adam_model(), tmp_path).act(1, {})
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    with (
        within(seconds=10),
        pytest.raises(errors.DataError, match="no plain file"),
    ):
        checkpoints.Checkpoints(adam_model(), tmp_path).restore()
