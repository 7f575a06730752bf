"""Samplers of few steps, unrolled into one functional model."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.networks import (
    ARCHITECTURES,
    DenoiserOptions,
    StraightPath,
    noise_size,
    unrolled,
)
from tf_mmdgan.networks.times import TimeFeatures

SHAPE = (4, 4, 1)
SMALLEST = {"mlp": SHAPE, "unet": (16, 20, 2), "gmmn": (3,)}
NAMES = [name for name, entry in ARCHITECTURES.items() if entry.denoiser]


def denoiser(name="mlp", takes_noise=True, shape=None):
    keras.utils.set_random_seed(0)
    options = DenoiserOptions(4, takes_noise=takes_noise)
    return ARCHITECTURES[name].denoiser(shape or SMALLEST[name], options)


def column(value, count=5):
    return tf.fill([count, 1, 1, 1], value)


def normal(rng, *shape):
    return tf.constant(rng.normal(size=shape), tf.float32)


def test_steps_along_the_path_compose(rng):
    path = StraightPath(0.7)
    x, noisy = (tf.constant(rng.normal(size=(5, 3))) for _ in range(2))
    t, r, s = (tf.constant(v, tf.float64) for v in (0.9, 0.6, 0.2))
    direct = path.moved(noisy, x, t, s)
    by_r = path.moved(path.moved(noisy, x, t, r), x, r, s)
    np.testing.assert_allclose(by_r, direct, rtol=1e-12)
    noise = tf.constant(rng.normal(size=(5, 3)))
    moved = path.moved(path.noisy(x, noise, t), x, t, s)
    np.testing.assert_allclose(moved, path.noisy(x, noise, s), rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_a_jump_to_the_same_time_is_no_jump(name, rng):
    shape = SMALLEST[name]
    t = tf.fill([5, *[1] * len(shape)], 0.4)
    noisy = normal(rng, 5, *shape)
    noise = normal(rng, 5, *shape)
    network = denoiser(name)
    same = StraightPath().jump(network, noisy, t, t, noise)
    np.testing.assert_allclose(same, noisy, rtol=1e-6)
    # Elsewhere times, noise and noisy data all count, and rows do not mix.
    other = StraightPath().jump(network, noisy, t, 0.5 * t, noise)
    assert np.abs(other - noisy).max() > 0.01
    for changed in (
        StraightPath().jump(network, noisy, t, 0.6 * t, noise),
        StraightPath().jump(network, noisy, t, 0.5 * t, 2.0 * noise),
    ):
        assert np.abs(changed - other).max() > 1e-4
    alone = StraightPath().jump(
        network, noisy[1:2], t[:1], 0.5 * t[:1], noise[1:2]
    )
    np.testing.assert_allclose(alone, other[1:2], rtol=1e-4, atol=1e-5)


def test_factors_of_a_jump(rng):
    # A network that returns what it is given, to see c_skip + c_out c_in.
    maps, times = keras.Input((3,)), keras.Input((2,))
    network = keras.Model([maps, times], keras.layers.Identity()(maps))
    noisy, sd, t, s = rng.normal(size=(5, 3)), 0.7, 0.8, 0.3
    column = tf.ones([5, 1])
    found = StraightPath(sd).jump(
        network, tf.constant(noisy, tf.float32), t * column, s * column
    )
    a_t, a_s, square = 1 - t, 1 - s, (1 - t) ** 2 + t**2
    skip = (a_t * a_s + t * s) / square
    out = -(a_s * t - a_t * s) * sd / square**0.5
    factor = skip + out / (sd * square**0.5)
    np.testing.assert_allclose(found, factor * noisy, rtol=1e-5)


def test_two_steps_by_hand(rng):
    network, path = denoiser(), StraightPath(0.7)
    generator = unrolled(network, 2, 0.7)
    latents = normal(rng, 5, 3 * 16)
    z, first, second = (
        tf.reshape(part, [5, *SHAPE]) for part in tf.split(latents, 3, 1)
    )
    one, half, zero = column(1.0), column(0.5), column(0.0)
    x = 0.7 * z
    drawn = path.jump(network, x, one, zero, first)
    x = 0.5 * drawn + 0.5 * x
    drawn = path.jump(network, x, half, zero, second)
    expected = np.clip(drawn, -1, 1)
    np.testing.assert_allclose(generator(latents), expected, atol=1e-5)
    # Without noise of its own, a network is asked for the next time.
    network = denoiser(takes_noise=False)
    x = path.jump(network, 0.7 * z, one, half)
    expected = np.clip(path.jump(network, x, half, zero), -1, 1)
    found = unrolled(network, 2, 0.7)(latents[:, :16])
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_there_once_whatever_the_steps(name, tmp_path, rng):
    shape = SMALLEST[name]
    network = denoiser(name)
    one, three = unrolled(network, 1), unrolled(network, 3)
    latents = normal(rng, 2, noise_size(shape, 3, True))
    for made in (one, three):
        assert list(map(id, made.weights)) == list(map(id, network.weights))
    copy = keras.models.clone_model(three)
    copy.set_weights(three.get_weights())
    before = three(latents).numpy()
    np.testing.assert_array_equal(copy(latents), before)
    tf.train.Checkpoint(model=one).save(str(tmp_path / "one"))
    for weight in network.weights:
        weight.assign(weight + 0.1)
    assert (three(latents).numpy() != before).any()
    np.testing.assert_array_equal(copy(latents), before)
    # The weights of one step are those of three.
    newest = tf.train.latest_checkpoint(str(tmp_path))
    tf.train.Checkpoint(model=three).restore(
        newest
    ).assert_existing_objects_matched()
    np.testing.assert_array_equal(three(latents), before)


def test_a_saved_model_of_keras_has_the_same_samples(tmp_path, rng):
    generator = unrolled(denoiser(shape=(3,)), 2)
    path = tmp_path / "two.keras"
    generator.save(path)
    latents = normal(rng, 4, 9)
    loaded = keras.models.load_model(path)
    np.testing.assert_array_equal(loaded(latents), generator(latents))
    # Points are not clipped.
    assert np.abs(generator(10.0 * latents)).max() > 1.0


def test_waves_of_times():
    times = np.array([[0.25, 1.0], [0.0, 0.5]])
    found = TimeFeatures(3)(times)
    rows = []
    for pair in times:
        row = []
        for t in pair:
            angles = 1000 * t * 1e4 ** (-np.arange(3) / 3)
            row += [*np.sin(angles), *np.cos(angles)]
        rows.append(row)
    np.testing.assert_allclose(found, rows, atol=1e-4)


def test_refusals():
    with pytest.raises(errors.UsageError, match="steps=0"):
        unrolled(denoiser(), 0)
    with pytest.raises(errors.UsageError, match="steps=1001: need 1 to 1000"):
        unrolled(denoiser(), 1001)
    for other in (keras.Sequential(), ARCHITECTURES["mlp"], None):
        with pytest.raises(errors.UsageError, match="denoiser: need a model"):
            unrolled(other, 1)
    with pytest.raises(errors.UsageError, match="deviation=0"):
        unrolled(denoiser(), 1, 0.0)
    with pytest.raises(errors.UsageError, match="steps of 4"):
        denoiser("unet", shape=(18, 16, 1))
