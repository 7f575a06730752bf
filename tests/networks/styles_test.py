"""The layers of style-based generators, against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan.latents import Latents
from tf_mmdgan.networks import styles


def test_the_length_of_latents_has_no_effect(rng):
    x = rng.normal(size=(4, 6)).astype("float32")
    layer = styles.UnitMeanSquare()
    np.testing.assert_allclose(layer(5.0 * x), layer(x), rtol=1e-5)
    np.testing.assert_allclose(np.mean(np.square(layer(x)), 1), 1.0, rtol=1e-5)
    np.testing.assert_array_equal(layer(np.zeros((1, 6))), np.zeros((1, 6)))


def test_mixing_changes_the_layers_from_the_cutoff_on(rng):
    first, second = rng.normal(size=(2, 3, 4, 2))
    found = styles.mixed(first, second, tf.constant([1, 3, 4])).numpy()
    for row, cutoff in enumerate((1, 3, 4)):
        np.testing.assert_array_equal(found[row, :cutoff], first[row, :cutoff])
        np.testing.assert_array_equal(found[row, cutoff:], second[row, cutoff:])
    np.testing.assert_array_equal(styles.mixed(first, first, 2), first)


def test_truncation_moves_styles_to_their_mean(rng):
    w, mean = rng.normal(size=(3, 4, 2)), rng.normal(size=2)
    np.testing.assert_array_equal(styles.truncated(w, mean, 1.0), w)
    none = styles.truncated(w, mean, 0.0)
    np.testing.assert_array_equal(none, np.broadcast_to(mean, w.shape))
    shares = np.array([0.0, 0.5, 1.0])
    found = styles.truncated(w, mean, shares)
    expected = mean + shares[:, None, None] * (w - mean)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_mean_of_w_moves_in_training_alone(rng):
    layer = styles.Styles(4, 0.0)
    w = rng.normal(size=(8, 3)).astype("float32")
    layer(w)
    np.testing.assert_array_equal(layer.mean, np.zeros(3))
    for _ in range(138):
        layer(w, training=True)
    share = 1.0 - 0.995**138
    assert share == pytest.approx(0.4993, abs=1e-4)
    np.testing.assert_allclose(layer.mean, share * w.mean(0), rtol=1e-4)
    layer.trainable = False
    before = layer.mean.numpy()
    layer(w, training=True)
    np.testing.assert_array_equal(layer.mean, before)


def test_styles_are_mixed_as_often_as_asked_and_in_training_alone():
    layers, mixing, count = 6, 0.9, 2000
    z = Latents(30, "normal").sample((1, 2), count)
    layer = styles.Styles(layers, mixing)
    ones, zeros = tf.ones([count, 1]), tf.zeros([count, 1])
    np.testing.assert_array_equal(layer(ones, zeros, z), 1.0)
    found = layer(ones, zeros, z, training=True).numpy()[:, :, 0]
    own = found.sum(1).astype(int)
    np.testing.assert_array_equal(found, np.arange(layers) < own[:, None])
    shares = np.bincount(own, minlength=layers + 1) / count
    expected = [0.0, *[mixing / (layers - 1)] * (layers - 1), 1.0 - mixing]
    np.testing.assert_allclose(shares, expected, atol=3 * (0.2 / count) ** 0.5)
    assert shares[0] == 0.0
    never = styles.Styles(layers, 0.0)(ones, zeros, z, training=True)
    np.testing.assert_array_equal(never, 1.0)


@pytest.mark.parametrize("distribution", ["uniform", "normal"])
def test_other_latents_have_the_law_and_are_not_the_same(distribution):
    z = Latents(30, distribution).sample((1, 2), 500)
    other = styles.OtherLatents(distribution)(z)
    assert np.std(other) == pytest.approx(np.std(z), rel=0.02)
    assert abs(np.mean(other * z)) < 3.0 / 15_000**0.5


def test_noise_is_normal_and_belongs_to_the_signs(rng):
    layer = styles.KeyedNoise([(4, 4), (7, 5)])
    z = rng.normal(size=(200, 30)).astype("float32")
    small, large = layer(z)
    assert small.shape == (200, 4, 4, 1) and large.shape == (200, 7, 5, 1)
    assert np.mean(large) == pytest.approx(0.0, abs=3.0 / 7000**0.5)
    assert np.var(large) == pytest.approx(1.0, abs=0.06)
    together = (
        np.reshape(small, (200, 16)) * np.reshape(large, (200, 35))[:, :16]
    )
    assert abs(together.mean()) < 3.0 / 3200**0.5
    for same in layer(0.3 * z), layer(z[:7]):
        np.testing.assert_array_equal(same[1], large[: len(same[1])])


def test_noise_has_one_strength_that_starts_at_zero(rng):
    layer = styles.NoiseInput()
    x, noise = rng.normal(size=(2, 2, 4, 4, 3)).astype("float32")
    noise = noise[..., :1]
    np.testing.assert_array_equal(layer(x, noise), x)
    layer.strength.assign(0.5)
    np.testing.assert_allclose(layer(x, noise), x + 0.5 * noise, rtol=1e-6)
