"""Counting, averaging, sampling, and executions of several steps."""

import keras
import numpy as np
import other_keras
import pytest
import tensorflow as tf
import tiny
import tiny_conditional

from tf_mmdgan import errors, images
from tf_mmdgan.conditions import Classes
from tf_mmdgan.data import ImageSet
from tf_mmdgan.features import Extracted, FeatureExtractor
from tf_mmdgan.latents import draw_labels, sampling_seed
from tf_mmdgan.metrics import kid


def test_several_steps_in_one_execution_are_the_same_steps():
    one, three = tiny.model(), tiny.model(steps_per_execution=3)
    one.fit(tiny.batches(), steps_per_epoch=6, verbose=0)
    three.fit(tiny.batches(), steps_per_epoch=6, verbose=0)
    for a, b in zip(tiny.weights(one), tiny.weights(three), strict=True):
        # The two graphs are optimised apart, and round apart.
        np.testing.assert_allclose(a, b, atol=2e-6)


def test_a_limit_of_steps_left_over_from_debugging_is_refused():
    with (
        other_keras.setting("max_steps_per_epoch", 2),
        pytest.raises(errors.UsageError, match="KERAS_MAX_STEPS_PER_EPOCH"),
    ):
        tiny.model()


def test_average_follows_the_weights_with_a_rising_decay():
    made = tiny.model(batch_norm=True, ema_decay=0.25)
    expected = made.generator.get_weights()
    for step in range(1, 4):
        made.fit(tiny.batches(), steps_per_epoch=1, verbose=0)
        decay = min(0.25, (1 + step) / (10 + step))
        expected = [
            decay * old + (1 - decay) * new
            for old, new in zip(
                expected, made.generator.get_weights(), strict=True
            )
        ]
    for a, b in zip(made.ema_generator.get_weights(), expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("weights", ["ema", "current"])
def test_generate_draws_8_bit_images_of_the_named_weights(weights):
    made = tiny.model()
    made.fit(tiny.batches(), steps_per_epoch=2, verbose=0)
    network = {"ema": made.ema_generator, "current": made.generator}[weights]
    latents = tiny.LATENTS.sample(sampling_seed(4), 5)
    expected = images.to_uint8(network(latents, training=False))
    drawn = made.generate(5, seed=4, weights=weights, batch_size=2)
    assert drawn.dtype == np.uint8
    difference = np.abs(drawn.astype(int) - expected.numpy())
    assert difference.max() <= 1


def test_generate_repeats_its_prefix_and_follows_its_seed():
    made = tiny.model()
    first = made.generate(6, seed=1)
    np.testing.assert_array_equal(made.generate(4, seed=1), first[:4])
    assert (made.generate(6, seed=2) != first).any()


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"count": 0}, "count=0, need an integer >= 1"),
        ({"count": 2.0}, "count=2.0, need an integer"),
        ({"seed": 2**63}, "seed=9223372036854775808, need an integer of 64"),
        ({"seed": 1.5}, "seed=1.5"),
        ({"seed": "7"}, "seed='7'"),
        ({"weights": "best"}, "Unknown kind of weights 'best'; known: ema"),
        ({"first": -1}, "first=-1"),
    ],
)
def test_generate_refuses_what_it_cannot_draw(wrong, words):
    with pytest.raises(errors.UsageError, match=words):
        tiny.model().generate(**{"count": 3, **wrong})


def test_generate_begins_where_it_is_told_to():
    made = tiny.model()
    whole = made.generate(7, seed=1).astype(int)
    part = made.generate(3, seed=1, first=4, batch_size=2)
    assert np.abs(part - whole[4:]).max() <= 1


@pytest.mark.parametrize("count", [1, 7])
def test_devices_share_the_drawing(two_cpus, count):
    one = tiny.model()
    with two_cpus.scope():
        two = tiny.model()
    expected = one.generate(count, seed=3, first=2).astype(int)
    drawn = two.generate(count, seed=3, batch_size=2, first=2)
    assert drawn.shape == expected.shape
    assert np.abs(drawn - expected).max() <= 1


@pytest.mark.parametrize("label", [None, 0, 2])
def test_generate_with_classes(label):
    made = tiny_conditional.model()
    seed = sampling_seed(4)
    labels = draw_labels(seed, 9, 0, 3) if label is None else tf.fill(9, label)
    expected = images.to_uint8(
        made.ema_generator([tiny.LATENTS.sample(seed, 9), labels])
    ).numpy()
    drawn = made.generate(9, seed=4, batch_size=4, label=label)
    assert np.abs(drawn.astype(int) - expected).max() <= 1
    # The classes tell the images apart by more than that.
    others = made.ema_generator(
        [tiny.LATENTS.sample(seed, 9), (labels + 1) % 3]
    )
    assert np.abs(drawn - images.to_uint8(others).numpy().astype(int)).max() > 9


def test_classes_are_drawn_by_the_shares_of_the_data():
    made = tiny_conditional.model()
    shares = np.array([0.05, 0.6, 0.35])
    made.condition = Classes(3, shares)

    def drawn(**options):
        return made.generate(600, seed=4, **options).reshape(600, -1)

    seed = sampling_seed(4)
    labels = draw_labels(seed, 600, 0, 3, shares)
    expected = images.to_uint8(
        made.ema_generator([tiny.LATENTS.sample(seed, 600), labels])
    )
    by_shares = expected.numpy().reshape(600, -1).astype(int)
    assert np.abs(drawn() - by_shares).max() <= 1
    labels = draw_labels(seed, 600, 0, 3)
    expected = images.to_uint8(
        made.ema_generator([tiny.LATENTS.sample(seed, 600), labels])
    )
    as_often = expected.numpy().reshape(600, -1).astype(int)
    assert np.abs(drawn(condition=Classes(3)) - as_often).max() <= 1
    assert np.abs(by_shares - as_often).max() > 9
    with pytest.raises(errors.UsageError, match="has 3 classes, not 2 classes"):
        drawn(condition=Classes(2))


@pytest.mark.parametrize("label", [-1, 3])
def test_a_class_that_the_model_does_not_have(label):
    with pytest.raises(errors.UsageError, match=rf"label={label}: .*0 to 2"):
        tiny_conditional.model().generate(1, label=label)


def test_a_class_of_a_model_without_classes():
    with pytest.raises(errors.UsageError, match="has no classes"):
        tiny.model().generate(1, label=0)


def test_generator_called_after_training_is_the_trained_one():
    made = tiny.model()
    before = made.generate(4, weights="current")
    made.fit(tiny.batches(), steps_per_epoch=5, verbose=0)
    assert (made.generate(4, weights="current") != before).any()


def test_stock_keras_callbacks_and_progress_bar_work(capsys):
    made = tiny.model()
    stop = keras.callbacks.EarlyStopping(
        monitor="generator/loss", mode="min", patience=0
    )
    made.fit(
        tiny.batches(), steps_per_epoch=2, epochs=2, callbacks=[stop], verbose=2
    )
    assert "generator/loss" in capsys.readouterr().out


def test_call_uses_the_averaged_generator():
    made = tiny.model()
    latents = tf.ones([2, tiny.LATENTS.size])
    np.testing.assert_array_equal(
        made(latents), made.ema_generator(latents, training=False)
    )


class Flat(FeatureExtractor):
    """Pixels in [0, 1]."""

    name = "flat"
    identifier = "flat"

    def __call__(self, drawn):
        assert drawn.dtype == np.uint8
        return Extracted(drawn.reshape(len(drawn), -1) / np.float32(255.0))


def validation(n=24):
    rng = np.random.default_rng(3)
    return rng.uniform(-1.0, 1.0, (n, *tiny.SHAPE)).astype(np.float32)


def test_validation_data_puts_kid_in_the_logs():
    made, real = tiny.model(features=Flat()), validation()
    dataset = tf.data.Dataset.from_tensor_slices(real).batch(10)
    history = made.fit(
        tiny.batches(), steps_per_epoch=1, epochs=2, verbose=0,
        validation_data=dataset,
    ).history  # fmt: skip
    expected = kid.kid(
        Flat()(images.to_uint8(real).numpy()).features,
        Flat()(made.generate(len(real))).features,
        "exact",
    )
    assert len(history["val_kid"]) == 2
    assert history["val_kid"][-1] == pytest.approx(expected.mean, rel=1e-5)
    assert history["val_kid_standard_error"][-1] == pytest.approx(
        expected.standard_error, rel=1e-5
    )


@pytest.mark.parametrize("form", ["array", "labels", "uint8", "endless"])
def test_evaluate_takes_images_in_any_form(form):
    made, real = tiny.model(features=Flat()), validation()
    expected = made.evaluate(
        tf.data.Dataset.from_tensor_slices(real).batch(8), return_dict=True
    )
    labels = np.zeros(len(real), np.int64)
    forms = {
        "array": real,
        "labels": tf.data.Dataset.from_tensor_slices((real, labels)).batch(5),
        "uint8": images.to_uint8(real).numpy(),
        "endless": tf.data.Dataset.from_tensor_slices(real).repeat().batch(8),
    }
    got = made.evaluate(forms[form], steps=3 if form == "endless" else None)
    assert got == pytest.approx(list(expected.values()), rel=1e-6)


def test_a_faultless_generator_of_unequal_classes_has_no_kid(rng):
    made = tiny_conditional.model()
    made.features = Flat()
    kernel = made.ema_generator.weights[0]  # of latents and classes
    kernel.assign(kernel * np.array([[0.1]] * 3 + [[5.0]] * 3))
    labels = rng.choice(3, size=600, p=[0.05, 0.15, 0.8])
    latents = tiny.LATENTS.sample((7, 8), 600)
    real = made.ema_generator([latents, tf.constant(labels)]).numpy()
    labelled = tf.data.Dataset.from_tensor_slices((real, labels)).batch(200)
    kid_value, error = made.evaluate(labelled)
    assert abs(kid_value) < 3.0 * error
    # As Keras' fit gives validation_data=(images, labels).
    assert made.evaluate(real, labels) == [kid_value, error]
    with pytest.raises(errors.DataError, match="599 labels for 600 images"):
        made.evaluate(real, labels[1:])
    as_often, error = made.evaluate(real)  # without labels: each as often
    assert as_often > 6.0 * error
    # As a run does it.
    made.condition = ImageSet(
        images.to_uint8(real).numpy(), labels.astype(np.int64), 3
    ).condition
    kid_value, error = made.evaluate(real)
    assert abs(kid_value) < 3.0 * error


def test_evaluate_needs_features():
    made, real = tiny.model(), validation()
    for score in (
        made.evaluate,
        lambda real: made.fit(real, validation_data=real, verbose=0),
    ):
        with pytest.raises(errors.UsageError, match='features="pixels"'):
            score(real)
    assert int(made.step.numpy()) == 0


def test_an_epoch_has_whole_executions():
    made = tiny.model(steps_per_execution=3)
    with pytest.raises(errors.UsageError, match=r"4: need a multiple of .*=3"):
        made.fit(tiny.batches(), steps_per_epoch=4, verbose=0)
    made.fit(np.tile(validation(), (7, 1, 1, 1)), batch_size=8, verbose=0)
    assert int(made.step.numpy()) == 6
