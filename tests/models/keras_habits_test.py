"""Keras' switches and callbacks work on models, or say what to use instead."""

import copy
import pickle

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny

from tf_mmdgan import errors
from tf_mmdgan.models import AdversarialModel, updates
from tf_mmdgan.objectives import MMDGAN, Objective

PLAIN = Objective(MMDGAN("rbf"))
ROWS = (
    np.random.default_rng(4)
    .uniform(-1.0, 1.0, (24, *tiny.SHAPE))
    .astype(np.float32)
)


@pytest.fixture(scope="module")
def model():
    return tiny.model(objective=PLAIN, rate=0.1)


def fit(model, data=ROWS, epochs=1, **options):
    if not isinstance(data, tf.data.Dataset):
        options["batch_size"] = 8
    return model.fit(data, epochs=epochs, verbose=0, **options)


def rates(model):
    return [float(o.learning_rate.numpy()) for o in model.optimizers]


def recompiled(model, rate=0.1, critic_rate=0.2, **options):
    sgd = keras.optimizers.SGD
    model.compile(sgd(rate), sgd(critic_rate), **options)
    return model


def test_both_rates_follow_a_scheduler(model):
    recompiled(model)
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    fit(model, epochs=2, callbacks=[halve])
    assert rates(model) == pytest.approx([0.025, 0.05])


def test_both_rates_fall_on_a_plateau(model):
    recompiled(model)
    reduce = keras.callbacks.ReduceLROnPlateau(
        "generator/loss", mode="min", patience=0, factor=0.1, min_delta=1e9
    )
    fit(model, epochs=2, callbacks=[reduce])
    assert rates(model) == pytest.approx([0.01, 0.02])


def test_rates_that_follow_a_schedule_are_not_set(model):
    decay = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    recompiled(model, decay)
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.1)
    with pytest.raises(errors.UsageError, match="follows ExponentialDecay"):
        fit(model, callbacks=[halve])


def test_weights_that_are_put_back_leave_the_counters(model):
    recompiled(model)
    before, done = model.get_weights(), int(model.step.numpy())
    fit(model, epochs=3)
    after = int(model.updates.numpy())
    model.set_weights(before)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert int(model.step.numpy()) == done + 3
    assert int(model.updates.numpy()) == after
    with pytest.raises(errors.UsageError, match="of another model"):
        model.set_weights(before[1:])


@pytest.mark.slow
def test_saved_weights_hold_the_counters(model, tmp_path):
    fit(recompiled(model))
    path = tmp_path / "model.weights.h5"
    model.save_weights(path)
    other = tiny.model(objective=PLAIN)
    other.load_weights(path)
    assert int(other.updates.numpy()) == int(model.updates.numpy()) > 0
    for a, b in zip(model.weights, other.weights, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    "keep",
    [
        lambda model, path: model.save(path / "model.keras"),
        lambda model, path: keras.saving.save_model(model, path / "m.keras"),
        lambda model, path: fit(
            model,
            callbacks=[keras.callbacks.ModelCheckpoint(path / "m.keras")],
        ),
        lambda model, path: model.export(path / "exported"),
        lambda model, path: model.get_config(),
        lambda model, path: model.to_json(),
        lambda model, path: keras.models.clone_model(model),
        lambda model, path: copy.deepcopy(model),
        lambda model, path: pickle.dumps(model),
    ],
)
def test_a_model_is_not_kept_as_a_whole(model, keep, tmp_path):
    with pytest.raises(errors.UsageError, match=r"save_weights\(path\)"):
        keep(model, tmp_path)


@pytest.mark.slow
def test_eager_steps_are_eager_and_the_same_steps():
    traced, eager = tiny.model(objective=PLAIN), tiny.model(objective=PLAIN)
    recompiled(traced)
    recompiled(eager, run_eagerly=True)
    seen = []
    update = eager.generator_update

    def noted(*arguments):
        seen.append(tf.executing_eagerly())
        return update(*arguments)

    eager.generator_update = noted
    fit(traced, epochs=2)
    fit(eager, epochs=2)
    assert seen == [True, True]
    for a, b in zip(traced.weights, eager.weights, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


@pytest.mark.slow
def test_steps_of_a_loop_are_those_of_fit():
    model = tiny.model(objective=PLAIN)
    batches = iter(model.feed(ROWS, batch_size=8))
    logs = [model.train_step(batches) for _ in range(2)]
    fitted = tiny.model(objective=PLAIN)
    history = fit(fitted, steps_per_epoch=2).history
    assert float(logs[-1]["critic/loss"]) == history["critic/loss"][0]
    for a, b in zip(model.weights, fitted.weights, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (lambda m: m.train_step(ROWS), "takes an iterator, not a ndarray"),
        (lambda m: m.train_on_batch(ROWS), r"takes 3 batches: call train_step"),
        (
            lambda m: m.train_step(iter(m.feed(ROWS * np.float32("nan")))),
            "make no batch of 32|NaN",
        ),
        (
            lambda m: m.train_step(
                iter(tf.data.Dataset.from_tensor_slices(ROWS[:16]).batch(8))
            ),
            "have ended; a step takes 3 batches",
        ),
        (
            lambda m: m.train_step(iter(batches(BYTES))),
            "batches are uint8, and",
        ),
    ],
)
def test_steps_that_cannot_be_done(model, step, message):
    with pytest.raises((errors.UsageError, errors.DataError), match=message):
        step(recompiled(model))


def test_a_step_needs_a_compiled_model():
    made = AdversarialModel(
        tiny.generator(), tiny.critic(), tiny.LATENTS, PLAIN
    )
    with pytest.raises(errors.UsageError, match=r"Call model.compile"):
        made.train_step(iter([]))


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        (("adm", "sgd"), {}, "Unknown optimizer 'adm'"),
        ((1e-4, "sgd"), {}, "optimizer: need an Optimizer, not 0.0001"),
        (("sgd", "sgd"), {"loss": "mse"}, "loss: the losses of this model"),
        (("sgd", "sgd"), {"steps_per_execution": "auto"}, "need an integer"),
    ],
)
def test_what_compile_does_not_take(model, given, options, message):
    with pytest.raises(errors.UsageError, match=message):
        model.compile(*given, **options)


@pytest.mark.parametrize(
    ("callbacks", "words"),
    [
        ([keras.callbacks.TerminateOnNaN()], r"take tm\.StopAtNaN\(\)"),
        (keras.callbacks.SwapEMAWeights(), "SwapEMAWeights: .* ema_generator"),
        ([keras.callbacks.History], "need instances of keras"),
        (["early_stopping"], "not early_stopping"),
    ],
)
def test_callbacks_that_would_do_nothing(model, callbacks, words):
    with pytest.raises(errors.UsageError, match=words):
        fit(recompiled(model), callbacks=callbacks)


@pytest.mark.parametrize("rows", [[[1.0], [1.0, 2.0]], {1, 2}, [1j], ["a"]])
def test_rows_that_are_no_numbers(model, rows):
    with pytest.raises(errors.UsageError, match="fit cannot train on"):
        recompiled(model).fit(rows)


def test_networks_do_not_share_an_optimizer(model):
    shared = keras.optimizers.Adam()
    with pytest.raises(errors.UsageError, match="make a new one for each"):
        model.compile(shared, shared)


def test_optimizers_may_be_names(model):
    model.compile("adam", "rmsprop")
    kinds = [type(optimizer) for optimizer in model.optimizers]
    assert kinds == [keras.optimizers.Adam, keras.optimizers.RMSprop]
    model.summary(print_fn=lambda *args, **kwargs: None)


BYTES = np.round((ROWS + 1.0) * 127.5).astype(np.uint8)


@pytest.mark.parametrize(
    ("data", "tolerance"),
    [(ROWS, 0.0), (ROWS.astype(np.float64), 0.0), (BYTES, 1 / 255)],
    ids=["float32", "float64", "uint8"],
)
def test_types_of_data(model, data, tolerance):
    batch = next(iter(model.feed(data, batch_size=24, shuffle=False)))
    assert batch.dtype == tf.float32
    np.testing.assert_allclose(batch, ROWS, atol=tolerance + 1e-7)


def batches(data):
    return tf.data.Dataset.from_tensor_slices(data).batch(8)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (BYTES.astype(np.int64), "images are int64: give uint8, or floats"),
        (BYTES // 128, "no level but 0 and 1: multiply them by 255"),
        (BYTES.astype(np.float32), r"not in \[-1, 1\]: .*x / 127.5 - 1"),
        ((ROWS + 1.0) / 2.0, r"not in \[-1, 1\]: .*2 \* x - 1"),
        (np.where(ROWS > 0.9, np.nan, ROWS), "hold NaN"),
        (batches(np.where(ROWS > 0.9, np.inf, ROWS)), "hold NaN or infinite"),
        (batches({"image": ROWS}), "dictionaries of image: map them to images"),
        (batches((ROWS, ROWS, ROWS)), r"map them to images, or to \(images"),
        (tf.data.Dataset.from_tensor_slices(ROWS), r"no batches: call .batch"),
        (ROWS[..., 0], r"of shape \[4, 4\], and the generator makes"),
        (ROWS[:, :2], r"of shape \[2, 4, 1\], and the generator makes"),
    ],
)
def test_data_that_would_train_wrongly(model, data, message):
    with pytest.raises(
        (errors.UsageError, errors.DataError), match=message
    ) as caught:
        fit(recompiled(model), data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda m: m(BYTES), r"latents \[n, \d+\], not with an array \(24, "),
        (lambda m: m.predict(ROWS, verbose=0), "generate.count. draws images"),
        (lambda m: m.test_on_batch(ROWS), "evaluate.images. scores them"),
        (
            lambda m: m.train_step(iter([BYTES[:8]] * 9)),
            "would give all steps the batches of the first",
        ),
        (
            lambda m: m.fit(batch for batch in [ROWS[:8] * 100.0]),
            r"images are in \[-?\d+.*not in \[-1, 1\]",
        ),
        (lambda m: m.fit(batch for batch in ()), "The data have no batch"),
    ],
)
def test_images_are_no_latents_and_python_gives_no_batches(model, act, message):
    with pytest.raises((errors.UsageError, errors.DataError), match=message):
        act(recompiled(model))


def test_weights_of_another_model_are_one_line(model, tmp_path):
    other = tiny.model(objective=PLAIN, outputs=5)
    other.save_weights(tmp_path / "other.weights.h5")
    with pytest.raises(errors.DataError, match="weights of another model"):
        model.load_weights(tmp_path / "other.weights.h5")


def test_what_would_not_move_is_refused():
    made = tiny.model(objective=PLAIN)
    made.generator.trainable = False
    with pytest.raises(errors.UsageError, match="no weights that are trained"):
        made.compile("sgd", "sgd")
    half = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(2, dtype="bfloat16")]
    )
    with pytest.raises(errors.UsageError, match="dtype='mixed_bfloat16'"):
        updates.prepare("adam", half.trainable_variables)
