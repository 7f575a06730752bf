"""Denoisers against NumPy, and what passes through them."""

import keras
import numpy as np
import pytest
import smooth
import tensorflow as tf
from numpy_layers import leaky_relu, normalize, randomize

from tf_mmdgan import errors, networks
from tf_mmdgan.networks import CriticOptions, Denoiser


def made(rng, **options):
    """With random weights, and averages of its own."""
    layer = Denoiser(dtype="float64", **options)
    layer.build((None, 3))
    for weight in layer.weights:
        weight.assign(rng.uniform(0.2, 1.0, weight.shape))
    return layer


def by_hand(layer, u, hidden):
    """r(u), with the layers' normalization `hidden` of activations."""
    dense, norm, _, last = layer.stack
    y = hidden(u @ dense.kernel.numpy(), norm)
    y = leaky_relu(y * norm.gamma.numpy() + norm.beta.numpy(), 0.2)
    return y @ last.kernel.numpy() + last.bias.numpy()


def by_averages(x, norm):
    deviation = np.sqrt(norm.moving_variance.numpy() + 1e-5)
    return (x - norm.moving_mean.numpy()) / deviation


def test_error_is_of_the_batch_and_residual_of_averages(rng):
    layer = made(rng, hidden_layers=1, units=4)
    rows, noise = rng.normal(size=(2, 8, 3))
    rows = 3.0 * rows + 1.0
    expected = by_averages(rows, layer.standard)
    expected -= by_hand(layer, expected, by_averages)
    np.testing.assert_allclose(layer.residual(tf.constant(rows)), expected)

    u = normalize(rows, (0,))
    found = by_hand(layer, u + noise, lambda x, norm: normalize(x, (0,)))
    error = layer.error(tf.constant(rows), tf.constant(noise))
    expected_error = ((found - u) ** 2).mean()
    assert float(error) == pytest.approx(expected_error, rel=1e-8)
    # That training has moved the averages.
    assert np.abs(layer.residual(tf.constant(rows)) - expected).max() > 1e-3


def test_gradients_are_those_of_what_is_trained(rng):
    layer = made(rng, hidden_layers=1)
    rows, noise = (tf.Variable(rng.normal(size=(8, 3))) for _ in range(2))
    with tf.GradientTape(persistent=True) as tape:
        error = layer.error(tf.convert_to_tensor(rows), noise)
        residual = layer.residual(tf.convert_to_tensor(rows))
        moved = tf.reduce_mean(tf.square(residual))
    assert tape.gradient(error, rows) is None
    weights = layer.trainable_variables
    assert all(g is None for g in tape.gradient(moved, weights))
    # r is constant: d/du mean (u - r)^2 = 2 (u - r) / numbers.
    slopes = 1.0 / np.sqrt(layer.standard.moving_variance.numpy() + 1e-5)
    np.testing.assert_allclose(
        tape.gradient(moved, rows),
        2.0 * residual * slopes / rows.shape.num_elements(),
    )
    smooth.assert_slope(
        lambda: layer.error(tf.convert_to_tensor(rows), noise),
        [weight.value for weight in weights],
        rng,
    )


def test_of_gaussian_rows_the_best_line_shrinks_them(rng):
    """E h(h + sigma e) / E (h + sigma e)^2 = 1 / (1 + sigma^2)."""
    layer = Denoiser(hidden_layers=0)
    layer.build((None, 1))
    (line,) = layer.stack
    rows, noise = rng.normal(size=(2, 20_000, 1)).astype(np.float32)
    for sigma in (1.0, 0.5):
        noisy = rows + sigma * noise
        best = (noisy * rows).mean() / (noisy**2).mean()
        line.kernel.assign([[best]])
        least = layer.error(tf.constant(rows), tf.constant(sigma * noise))
        assert best == pytest.approx(1.0 / (1.0 + sigma**2), abs=0.01)
        for other in (best - 0.05, best + 0.05):
            line.kernel.assign([[other]])
            error = layer.error(tf.constant(rows), tf.constant(sigma * noise))
            assert error > least


def test_a_critic_with_a_denoiser_gives_what_it_gave(rng, tmp_path):
    options = CriticOptions(1, width=4, batch_norm=True)
    plain = networks.ARCHITECTURES["mlp"].critic((4, 4, 1), options)
    both = networks.with_denoiser(plain, 2, units=5)
    randomize(both, rng)
    images = rng.uniform(-1, 1, (3, 4, 4, 1)).astype(np.float32)
    for one, other in zip(
        tf.nest.flatten(plain(images)),
        tf.nest.flatten(both(images)),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)
    assert networks.denoiser_of(plain) is None
    layer = networks.denoiser_of(both)
    mine = {id(weight) for weight in layer.weights}
    assert {id(weight) for weight in both.weights} == mine | {
        id(weight) for weight in plain.weights
    }
    assert [w.shape for w in layer.trainable_weights if len(w.shape) > 1] == [
        (4, 5), (5, 5), (5, 4),
    ]  # fmt: skip
    held = tf.train.Checkpoint(model=both).save(str(tmp_path / "critic"))
    other = keras.models.clone_model(both)
    tf.train.Checkpoint(model=other).restore(held)
    for one, two in zip(both.weights, other.weights, strict=True):
        np.testing.assert_array_equal(one, two, err_msg=one.path)
    path = tmp_path / "critic.weights.h5"
    both.save_weights(path)
    again = keras.models.clone_model(both)
    again.load_weights(path)
    expected = layer.residual(plain(images)["penultimate"])
    found = networks.denoiser_of(again).residual(again(images)["penultimate"])
    np.testing.assert_array_equal(found, expected)


def test_rows_of_half_precision_are_widened():
    layer = Denoiser(hidden_layers=1)
    rows = tf.constant([[1.0, 2.0], [3.0, 5.0]], tf.float16)
    assert layer(rows).dtype == tf.float32
    assert layer.residual(rows).dtype == tf.float32


def test_what_a_denoiser_cannot_be_of_is_refused():
    entry = networks.ARCHITECTURES["fullconv5"]
    critic = entry.critic((32, 32, 1), CriticOptions(1, width=2))
    with pytest.raises(errors.UsageError, match='is given, "penultimate"'):
        networks.with_denoiser(critic)
    entry = networks.ARCHITECTURES["mlp"]
    critic = entry.critic((2,), CriticOptions(1, width=2))
    with pytest.raises(errors.UsageError, match="hidden_layers=-1, need an"):
        networks.with_denoiser(critic, -1)
