"""A critic without kinks, in TensorFlow and in NumPy, and checks of losses."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan.distribute import Update
from tf_mmdgan.networks import Denoiser
from tf_mmdgan.objectives import Batch, CriticOutput
from tf_mmdgan.objectives.criterion import (
    concatenate,
    joint_pass,
    separate_passes,
)

IMAGE, POINT = (2, 2, 1), (2,)
# Relative to the larger of the value and 1.
TOLERANCE = {"float32": 1e-5, "float64": 1e-10}


class SmoothCritic:
    """features = tanh(images W) V, decoded images = features U."""

    def __init__(self, rng, outputs=3, shape=IMAGE, dtype="float64"):
        self.dtype = dtype
        pixels, hidden = int(np.prod(shape)), 5
        sizes = [(pixels, hidden), (hidden, outputs), (outputs, pixels)]
        self.weights = [tf.Variable(rng.normal(size=s), dtype=dtype)
                        for s in sizes]  # fmt: skip
        self.multiplier = keras.Variable(0.0)
        self.adaptation = None
        self.frequency_scales = None
        self.denoiser = None
        self.clipped = []

    def __call__(self, batch):
        w, v, u = self.weights
        flat = tf.reshape(batch.images, [-1, w.shape[0]])
        hidden = tf.tanh(flat @ w)
        features = hidden @ v
        decoded = tf.reshape(features @ u, tf.shape(batch.images))
        return CriticOutput(features, [hidden], decoded, hidden)

    def joint(self, *batches):
        return self(concatenate(*batches))

    def clip_weights(self, bound):
        self.clipped.append(bound)

    def hidden(self, images):
        """In NumPy and float64, as all below: [b, 5]."""
        flat = images.reshape(len(images), -1)
        return np.tanh(flat @ self.weights[0].numpy().astype("float64"))

    def features(self, images):
        return self.hidden(images) @ self.weights[1].numpy().astype("float64")

    def decoded(self, images):
        u = self.weights[2].numpy().astype("float64")
        return (self.features(images) @ u).reshape(images.shape)

    def jacobian(self, images):
        """Of the features by the pixels as they are: [b, d, pixels]."""
        w, v, _ = (weight.numpy().astype("float64") for weight in self.weights)
        slopes = 1 - self.hidden(images) ** 2
        return np.einsum("hd,bh,ph->bdp", v, slopes, w)


class LinearCritic:
    """The output is the sum of pixels times weights."""

    def __init__(self, weights):
        self.weights = weights

    def __call__(self, batch):
        product = self.weights * batch.images
        axes = list(range(1, len(product.shape)))
        return CriticOutput(tf.reduce_sum(product, axis=axes)[:, None], [])

    def joint(self, *batches):
        return self(concatenate(*batches))


def denoiser():
    """Of the hidden rows of a `SmoothCritic`; its averages stand still."""
    made = Denoiser(hidden_layers=1, units=4, dtype="float64")
    made.build((None, 5))
    for layer in (made.standard, *made.stack):
        layer.momentum = 1.0
    return made


def update(index=7):
    """Of one update in each step."""
    number = tf.constant(index, tf.int64)
    return Update(3, number, number)


def images(rng, count=2, shape=IMAGE, size=6):
    """`count` sets of images that float32 represents, the last ones apart."""
    sets = rng.uniform(-1, 1, size=(count, size, *shape))
    sets[1:] = 0.5 * sets[1:] + 0.3
    return list(sets.astype("float32").astype("float64"))


def batches(critic, real, *fakes):
    made = [Batch(tf.constant(x, critic.dtype)) for x in (real, *fakes)]
    return made[0], made[1:]


def comparison(critic, real, *fakes, index=7):
    """As a critic's update has it."""
    return joint_pass(critic, *batches(critic, real, *fakes), update(index))


def losses(criterion, critic, real, *fakes):
    """Those of critic and generator for a criterion alone."""
    for_critic = criterion.critic_loss(comparison(critic, real, *fakes))
    apart = separate_passes(
        critic,
        *batches(critic, real, *fakes),
        update(),
        criterion.generator_sees_real,
    )
    return for_critic, criterion.generator_loss(apart)


def assert_close(actual, expected, dtype="float64"):
    tolerance = TOLERANCE[dtype]
    assert float(actual) == pytest.approx(
        float(expected), rel=tolerance, abs=tolerance
    )


def assert_slope(function, variables, rng):
    """Gradients along a random direction against central differences."""
    with tf.GradientTape() as tape:
        value = function()
    gradients = tape.gradient(value, variables, unconnected_gradients="zero")
    directions = [rng.normal(size=v.shape) for v in variables]
    actual = sum(
        np.sum(g.numpy() * d)
        for g, d in zip(gradients, directions, strict=True)
    )
    starts = [v.numpy() for v in variables]

    def at(step):
        for variable, start, d in zip(
            variables, starts, directions, strict=True
        ):
            variable.assign(start + step * d)
        return float(function())

    expected = (at(1e-5) - at(-1e-5)) / 2e-5
    at(0.0)
    assert abs(expected) > 1e-6
    assert actual == pytest.approx(expected, rel=1e-5, abs=1e-9)


def assert_critic_slope(criterion, critic, rng, real, *fakes):
    def value():
        return criterion.critic_loss(comparison(critic, real, *fakes)).value

    assert_slope(value, critic.weights, rng)


def assert_generator_slope(criterion, critic, rng, real, *fakes):
    variables = [tf.Variable(fake) for fake in fakes]

    def value():
        apart = separate_passes(
            critic,
            Batch(tf.constant(real)),
            [Batch(tf.convert_to_tensor(fake)) for fake in variables],
            update(),
            criterion.generator_sees_real,
        )
        return criterion.generator_loss(apart).value

    assert_slope(value, variables, rng)


def squares(a, b):
    return ((a[:, None] - b[None]) ** 2).sum(-1)


def gaussian(a, b):
    return np.exp(-squares(a, b) / 2)


def rq_linear(a, b):
    scales = (0.2, 0.5, 1, 2, 5)
    rational = sum((1 + squares(a, b) / (2 * s)) ** -s for s in scales)
    return rational + a @ b.T


def off_diagonal_mean(gram):
    n = len(gram)
    return (gram.sum() - np.trace(gram)) / (n * (n - 1))


def mmd2_unbiased(kernel, x, y):
    within = off_diagonal_mean(kernel(x, x)) + off_diagonal_mean(kernel(y, y))
    return within - 2 * kernel(x, y).mean()


def mmd2_biased(kernel, x, y):
    return kernel(x, x).mean() + kernel(y, y).mean() - 2 * kernel(x, y).mean()
