"""Latents of images like given ones, by a generator that can be undone."""

import keras
import numpy as np
import pytest

from tf_mmdgan import errors, images
from tf_mmdgan.conditions import Classes
from tf_mmdgan.features import Extracted, FeatureExtractor
from tf_mmdgan.latents import Latents
from tf_mmdgan.models import MomentMatchingModel, likeness, searching
from tf_mmdgan.objectives.discrepancies import SlicedEnergy

SIZE = 3


def make(distribution="uniform", num_classes=None):
    """A generator whose pixels are tanh of a turned latent."""
    turn, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(4, 4)))
    inputs = [keras.Input((SIZE,))]
    dense = keras.layers.Dense(4, use_bias=False, activation="tanh")
    x = dense(inputs[0])
    if num_classes:
        inputs.append(keras.Input((), dtype="int32"))
        shift = keras.layers.Embedding(num_classes, 4)
        x = keras.layers.Add()([0.3 * x, shift(inputs[1])])
    network = keras.Model(inputs, keras.layers.Reshape((2, 2, 1))(x))
    dense.kernel.assign(turn[:SIZE])
    if num_classes:
        shift.embeddings.assign([[0.6] * 4, [-0.6] * 4][:num_classes])
    return MomentMatchingModel(
        network, Latents(SIZE, distribution), SlicedEnergy(4),
        condition=num_classes and Classes(num_classes),
        classes_per_batch=num_classes,
    )  # fmt: skip


@pytest.mark.parametrize("distribution", ["uniform", "normal"])
def test_latents_of_the_models_own_images_are_found_again(distribution):
    model = make(distribution)
    own = model.generate(3, seed=5)
    found = model.invert(own, draws=50, steps=150)
    assert (found.after < 0.05 * found.before).all()
    assert np.abs(found.images - own.astype(int)).max() <= 2
    z = model.latents.sample((5, 0x5A3D), 3)
    np.testing.assert_allclose(found.latents, z, atol=0.05)


def test_descent_is_never_worse_than_the_best_draw(rng):
    """Pictures that the generator cannot make."""
    model = make()
    pictures = rng.integers(0, 256, (4, 2, 2, 1), dtype=np.uint8)
    found = model.invert(pictures, draws=30, steps=40)
    assert (found.after < found.before).all()
    pixels = images.from_uint8(found.images).numpy().reshape(4, -1)
    wanted = images.from_uint8(pictures).numpy().reshape(4, -1)
    best = images.from_uint8(model.generate(30)).numpy().reshape(30, -1)
    nearest = ((wanted[:, None] - best) ** 2).sum(-1).min(1)
    assert (((pixels - wanted) ** 2).sum(-1) < nearest + 1e-3).all()


def test_many_pictures_are_made_again_a_part_at_a_time(rng, monkeypatch):
    model = make(num_classes=2)
    pictures = rng.integers(0, 256, (5, 2, 2, 1), dtype=np.uint8)
    whole = model.invert(pictures, draws=30, steps=10)
    monkeypatch.setattr(searching, "_PICTURES", 2)
    parts = model.invert(pictures, draws=30, steps=10)
    for one, other in zip(whole, parts, strict=True):
        assert one.shape == other.shape and len(other) == 5
        np.testing.assert_allclose(one, other, atol=1e-4, rtol=1e-4)


def test_the_unit_of_likeness_is_a_distance_of_what_differs():
    draws = np.zeros((13, 2))
    draws[9:, 0] = 1e-3  # the median of all distances is 0
    target = likeness.Target.of(np.zeros((1, 2)), draws, None)
    assert target.unit == pytest.approx(1e-3)
    assert likeness.Target.of(draws[:2], draws[:9], None).unit == 1.0


def imq(a, b):
    return (1 + ((a[:, None] - b[None]) ** 2).sum(-1)) ** -0.5


def test_mmd_of_the_images_found_falls_and_is_that_of_numpy():
    model = make()
    examples = model.generate(5, seed=9)
    weights = np.array([4.0, 1, 1, 1, 1])
    found = model.more_like(examples, 4, weights, draws=40, steps=60)
    assert (found.after < 0.7 * found.before).all() and found.after[0] >= 0
    x, pool, y = (
        (i.reshape(len(i), -1) / 255.0)
        for i in (examples, model.generate(40), found.images)
    )
    unit = np.median(((x[:, None] - pool) ** 2).sum(-1)) ** 0.5
    x, y, w = x / unit, y / unit, weights / 8
    mmd2 = imq(y, y).mean() - 2 * (imq(y, x) @ w).mean() + w @ imq(x, x) @ w
    assert found.after[0] == pytest.approx(mmd2, abs=2e-3)


def test_four_examples_are_found_as_a_set():
    model = make()
    examples = model.generate(4, seed=9)
    found = model.more_like(examples, 4, draws=200, steps=150)
    distances = np.abs(found.images[:, None].astype(int) - examples[None]).max(
        (2, 3, 4)
    )
    assert sorted(distances.argmin(1)) == [0, 1, 2, 3]
    assert distances.min(1).max() <= 6


def test_an_example_without_weight_is_not_seen():
    model = make()
    examples = model.generate(2, seed=9)
    found = model.more_like(examples, 1, [2.0, 0.0], draws=40, steps=150)
    assert np.abs(found.images - examples[:1].astype(int)).max() <= 2


class Mean(FeatureExtractor):
    """What scores alone can use."""

    name = identifier = "mean"

    def __call__(self, given):
        return Extracted(given.mean((1, 2, 3))[:, None].astype("float32"))


def test_without_steps_the_best_draws_are_taken_by_any_extractor():
    model = make()
    pool = model.generate(50, seed=3)
    found = model.more_like(pool[[7]], 1, draws=50, steps=0, seed=3)
    np.testing.assert_array_equal(found.images, pool[[7]])
    assert found.after[0] == pytest.approx(0, abs=1e-9)
    found = model.more_like(pool[[7]], 3, features=Mean(), draws=50, steps=0)
    means = found.images.mean((1, 2, 3))
    assert np.abs(means - pool[7].mean()).max() < 20
    with pytest.raises(errors.UsageError, match="cannot be differentiated"):
        model.more_like(pool[[7]], 1, features=Mean(), steps=1)


def test_each_image_keeps_the_class_of_its_draw():
    model = make(num_classes=2)
    examples = model.generate(6, seed=9, label=1)
    found = model.more_like(examples, 3, draws=60, steps=5)
    assert (found.labels == 1).all()
    forced = model.more_like(examples, 2, draws=20, steps=0, label=0)
    assert (forced.labels == 0).all()
    assert (model.invert(examples, draws=60, steps=2).labels == 1).all()


def test_latents_stay_within_their_law_and_follow_the_seed():
    model = make("uniform")
    white = np.full((2, 2, 2, 1), 255, np.uint8)
    found = model.invert(white, draws=20, steps=60, learning_rate=0.5)
    assert np.abs(found.latents).max() <= 1.0
    again = model.invert(white, draws=20, steps=60, learning_rate=0.5)
    np.testing.assert_array_equal(found.latents, again.latents)


@pytest.mark.parametrize(
    "given, settings, words",
    [
        (np.zeros((1, 3, 3, 1), np.uint8), {}, r"\[3, 3, 1\]; .*\[2, 2, 1\]"),
        (np.zeros((1, 2, 2, 3), np.uint8), {}, r"\[2, 2, 3\]"),
        (np.zeros((1, 2, 2, 1)), {}, "float64"),
        (np.zeros((0, 2, 2, 1), np.uint8), {}, "there is no image"),
        ([[[[0]]]], {}, "need an array uint8"),
        (np.uint8(3), {}, "there is no image"),
        (np.zeros((1, 2, 2, 1), np.uint8), {"steps": -1}, "steps=-1"),
        (np.zeros((1, 2, 2, 1), np.uint8), {"draws": 0}, "draws=0"),
        (np.zeros((1, 2, 2, 1), np.uint8), {"label": 1}, "no classes"),
        (np.zeros((1, 2, 2, 1), np.uint8), {"weights": "best"}, "kind of"),
        (np.zeros((1, 2, 2, 1), np.uint8), {"features": "pixel"}, "'pixels'"),
    ],
)
def test_what_cannot_be_searched_for_is_refused(given, settings, words):
    for search in (make().more_like, make().invert):
        with pytest.raises(errors.UsageError, match=words) as caught:
            search(given, **settings)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shares", [[1.0], [0.0, 0.0], [-1.0, 2.0], ["a"]])
def test_weights_are_one_for_each_example(shares):
    given = np.zeros((2, 2, 2, 1), np.uint8)
    with pytest.raises(errors.UsageError, match="need 2 numbers >= 0"):
        make().more_like(given, 1, shares, draws=5, steps=0)
