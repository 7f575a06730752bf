"""Training on (images, labels of numbers)."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny

from tf_mmdgan import errors, images
from tf_mmdgan.conditions import Classes, Numbers
from tf_mmdgan.latents import sampling_seed
from tf_mmdgan.models import AdversarialModel, MomentMatchingModel
from tf_mmdgan.models.standing import with_standing_statistics
from tf_mmdgan.networks import (
    Conditioning,
    CriticOptions,
    GeneratorOptions,
    mlp,
)
from tf_mmdgan.objectives.discrepancies import SlicedEnergy

ROWS = np.float32([[0.3, -1.0], [1.2, 0.4], [0.0, 0.0], [-2.0, 0.1]])


def networks(kind="concatenation"):
    conditioning = Conditioning(Numbers(2), kind)
    generator = mlp.generator(
        tiny.SHAPE,
        GeneratorOptions(tiny.LATENTS.size, width=5, conditioning=conditioning),
    )
    critic = mlp.critic(
        tiny.SHAPE, CriticOptions(2, width=5, conditioning=conditioning)
    )
    return generator, critic


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(1)
    made = AdversarialModel(
        *networks(), tiny.LATENTS, tiny.PENALISED_MMD, critic_steps=1,
        condition=Numbers(2, ROWS),
    )  # fmt: skip
    made.compile("adam", "adam", features="pixels")
    return made


def data(n=64):
    rng = np.random.default_rng(0)
    labels = rng.uniform(-1, 1, (n, 2))
    shown = np.broadcast_to(labels[:, :1, None, None], (n, *tiny.SHAPE))
    return shown.astype(np.float32), labels


def test_fit_takes_arrays_of_floats_of_either_width(model):
    shown, labels = data()
    before = model.critic.get_weights()
    model.fit(shown, labels, batch_size=16, epochs=1, verbose=0)
    model.fit(shown, labels.astype(np.float32), batch_size=16, verbose=0)
    pairs = zip(before, model.critic.get_weights(), strict=True)
    assert any((a != b).any() for a, b in pairs)


def test_labels_are_those_asked_for_or_rows_of_the_law(model):
    latents = tiny.LATENTS.sample(sampling_seed(4), 9)

    def expected(labels):
        made = model.ema_generator([latents, tf.constant(labels)])
        return images.to_uint8(made).numpy().astype(int)

    drawn = model.generate(9, seed=4, label=[0.5, -1.0]).astype(int)
    asked = np.float32([[0.5, -1.0]] * 9)
    assert np.abs(drawn - expected(asked)).max() <= 1
    of_rows = model.condition.draw(sampling_seed(4), 9)
    drawn = model.generate(9, seed=4, batch_size=4).astype(int)
    assert np.abs(drawn - expected(of_rows)).max() <= 1
    text = model.generate(9, seed=4, label="0.5,-1")
    np.testing.assert_array_equal(text, model.generate(9, 4, label=asked[0]))


def test_validation_draws_the_labels_of_the_real_images(model, monkeypatch):
    taken = []
    whole = model.generate

    def generate(count, condition):
        taken.append(condition.rows)
        return whole(count, condition=condition)

    monkeypatch.setattr(model, "generate", generate)
    shown, labels = data(8)
    pairs = tf.data.Dataset.from_tensor_slices((shown, labels)).batch(8)
    model.evaluate(pairs)
    np.testing.assert_allclose(taken[0], labels, rtol=1e-6)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.zeros(8, int), r"int64 \(8,\): give floats \[n, 2\]"),
        (np.zeros((8, 3)), r"float64 \(8, 3\): give floats"),
        (np.full((8, 2), 90.0), "root mean square of 90 in column 0"),
    ],
)
@pytest.mark.parametrize("form", ["array", "data set"])
def test_labels_of_another_form(model, labels, message, form):
    shown = np.zeros((8, *tiny.SHAPE), np.float32)
    given = shown, labels, 4
    if form == "data set":
        given = (tf.data.Dataset.from_tensor_slices((shown, labels)).batch(8),)
    kinds = errors.UsageError, errors.DataError, tf.errors.OpError
    message = message.replace("8,", "(8|None),")
    with pytest.raises(kinds, match=message):
        next(iter(model.feed(*given)))


def test_without_a_law_a_label_must_be_named():
    generator, critic = networks()
    made = AdversarialModel(
        generator, critic, tiny.LATENTS, tiny.PENALISED_MMD,
        condition=Numbers(2),
    )  # fmt: skip
    assert made.generate(2, label=[0, 1]).shape == (2, *tiny.SHAPE)
    with pytest.raises(errors.UsageError, match="or the model rows, as tm"):
        made.generate(2)
    with pytest.raises(errors.UsageError, match="is told 2 numbers"):
        made.generate(2, label=1)


def test_models_that_compare_by_class_refuse_numbers():
    generator, _ = networks()
    for classes in (None, 2):
        with pytest.raises(errors.UsageError, match="labels of 2 numbers, and"):
            MomentMatchingModel(
                generator, tiny.LATENTS, SlicedEnergy(8),
                condition=Numbers(2), classes_per_batch=classes,
            )  # fmt: skip


def test_networks_must_take_such_labels():
    generator, critic = networks()
    for condition in (Classes(3), Numbers(3)):
        with pytest.raises(
            errors.UsageError, match=r"generator takes labels \[None, 2\], and"
        ):
            AdversarialModel(
                generator, critic, tiny.LATENTS, tiny.PENALISED_MMD,
                condition=condition,
            )  # fmt: skip


def test_searches_keep_the_labels_of_draws(model):
    found = model.more_like(model.generate(3), 2, steps=2, draws=20)
    assert found.labels.shape == (2, 2) and found.labels.dtype == np.float32
    assert all((row == ROWS).all(axis=1).any() for row in found.labels)
    found = model.invert(model.generate(2), steps=2, draws=20, label=[1.0, 0])
    np.testing.assert_array_equal(found.labels, [[1.0, 0.0]] * 2)


def test_standing_statistics_are_of_labels_of_the_law(model):
    network = model.network("ema")
    of_law, of_one = (
        with_standing_statistics(
            network, tiny.LATENTS, 1, 8, condition=condition
        ).get_weights()
        for condition in (model.condition, model.condition.fixed([9, 9]))
    )
    pairs = zip(of_law, of_one, strict=True)
    assert any(np.abs(a - b).max() > 1e-3 for a, b in pairs)


def test_validation_without_labels_to_draw_is_refused_before_any_step():
    made = AdversarialModel(
        *networks(), tiny.LATENTS, tiny.PENALISED_MMD, critic_steps=1,
        condition=Numbers(2),
    )  # fmt: skip
    made.compile("adam", "adam", features="pixels")
    shown, labels = data(32)
    with pytest.raises(errors.UsageError, match="no labels of 2 numbers"):
        made.fit(shown, labels, batch_size=16, verbose=0, validation_data=shown)
    assert made.step == 0
