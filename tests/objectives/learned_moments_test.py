"""Learned moments against formulas, and what gradients pass through them."""

import numpy as np
import pytest
import smooth
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.objectives import Batch, CriticOutput, LearnedMoments


def network_of(critic):
    """A smooth critic as a network of moments, and its weights."""
    return lambda images: critic(Batch(images)), critic.weights[:2]


def moments_by_hand(critic, images):
    """Of f = tanh(x W) v, the gradients by W and v, and the means."""
    flat, hidden = images.reshape(len(images), -1), critic.hidden(images)
    v = critic.weights[1].numpy()
    slopes = (1 - hidden**2) * v[:, 0]
    by_w = np.einsum("bp,bh->ph", flat, slopes) / len(images)
    return (by_w, hidden.mean(0)[:, None]), (images.mean(0), hidden.mean(0))


def squares(one, other):
    return sum(((a - b) ** 2).sum() for a, b in zip(one, other, strict=True))


def distance(objective, network, weights, real, fake):
    """The generator's loss, of two batches."""
    target, found = (
        objective.moments(network, weights, tf.convert_to_tensor(images))
        for images in (real, fake)
    )
    return objective.generator_loss(target, found)


def test_moments_are_gradients_and_activations(rng):
    critic, (real, fake) = smooth.SmoothCritic(rng, 1), smooth.images(rng)
    network, weights = network_of(critic)
    objective = LearnedMoments(activation_weight=0.3)
    by_hand = [moments_by_hand(critic, images) for images in (real, fake)]
    found = objective.moments(network, weights, tf.constant(real))
    tf.nest.map_structure(
        np.testing.assert_allclose,
        [list(part) for part in found],
        [list(part) for part in by_hand[0]],
    )
    loss = distance(objective, network, weights, real, fake)
    of_gradients, of_activations = (
        squares(a, b) for a, b in zip(*by_hand, strict=True)
    )
    smooth.assert_close(loss.terms["gradient_distance"], of_gradients)
    smooth.assert_close(loss.terms["activation_distance"], of_activations)
    smooth.assert_close(loss.value, (of_gradients + 0.3 * of_activations) / 2)


def test_equal_batches_have_no_distance_in_any_order(rng):
    network, weights = network_of(smooth.SmoothCritic(rng, 1))
    (real,) = smooth.images(rng, 1)
    loss = distance(LearnedMoments(), network, weights, real, real[::-1])
    assert float(loss.value) < 1e-25


def test_the_network_classifies_with_a_gradient_of_norm_one(rng):
    critic, (real, fake) = smooth.SmoothCritic(rng, 1), smooth.images(rng)
    network, weights = network_of(critic)
    images = tf.constant(real), tf.constant(fake)
    loss = LearnedMoments(0.2).network_loss(network, weights, *images)
    x, y = critic.features(real), critic.features(fake)
    norm2 = squares(moments_by_hand(critic, real)[0], [0.0, 0.0])
    expected = np.log1p(np.exp(-x)).mean() + np.log1p(np.exp(y)).mean()
    smooth.assert_close(loss.terms["gradient_norm2"], norm2)
    smooth.assert_close(loss.value, expected + 0.2 * (norm2 - 1) ** 2)
    smooth.assert_slope(
        lambda: (
            LearnedMoments(0.2).network_loss(network, weights, *images).value
        ),
        weights,
        rng,
    )


@pytest.mark.parametrize("activation_weight", [0.0, 1.0])
def test_the_generator_learns_from_gradients_alone_too(rng, activation_weight):
    """The second derivatives that are lost where a gradient is a constant."""
    critic, (real, fake) = smooth.SmoothCritic(rng, 1), smooth.images(rng)
    network, weights = network_of(critic)
    points = tf.Variable(fake)
    objective = LearnedMoments(activation_weight=activation_weight)
    smooth.assert_slope(
        lambda: distance(objective, network, weights, real, points).value,
        [points],
        rng,
    )


def test_a_shift_before_one_unit_of_relu(rng):
    """f = a relu(w x): by w a x where w x > 0, by a relu(w x)."""
    w, a = (
        tf.Variable([[0.7]], dtype="float64"),
        tf.Variable(1.3, dtype="float64"),
    )
    real, latents = rng.normal(1.0, 1.0, (2, 50, 1))
    theta = tf.Variable(0.2, dtype="float64")

    def network(x):
        return CriticOutput(a * tf.nn.relu(x @ w), [])

    def gradients(x):
        return np.array(
            [1.3 * (x * (x > 0)).mean(), np.maximum(0.7 * x, 0).mean()]
        )

    def shifted():
        objective = LearnedMoments(activation_weight=0.0)
        return distance(objective, network, [w, a], real, latents + theta).value

    difference = gradients(real) - gradients(latents + 0.2)
    smooth.assert_close(shifted(), (difference**2).sum() / 2)
    smooth.assert_slope(shifted, [theta], rng)


@pytest.mark.slow
def test_two_replicas_are_one_device(rng, two_cpus, mean_over_replicas):
    real, fake = smooth.images(rng)
    with two_cpus.scope():
        critic = smooth.SmoothCritic(rng, 1)
        gain = tf.Variable(1.1, dtype="float64")
    network, weights = network_of(critic)
    objective = LearnedMoments()

    def losses(rows):
        x, y = tf.constant(real)[rows], tf.constant(fake)[rows]
        with tf.GradientTape(persistent=True) as tape:
            own = objective.network_loss(network, weights, x, gain * y).value
            moved = distance(objective, network, weights, x, gain * y).value
        return [
            own, moved, *tape.gradient(own, weights),
            tape.gradient(moved, gain),
        ]  # fmt: skip

    one = losses(slice(None))
    for found, expected in zip(
        mean_over_replicas(losses, len(real)), one, strict=True
    ):
        assert np.abs(expected).max() > 1e-4
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def test_weights_below_zero_are_refused():
    with pytest.raises(errors.UsageError, match="moment_penalty=-1, need a"):
        LearnedMoments(-1)
