"""M (1 + p) unknowns on p features against M (1 + d) on d pixels."""

import functools

import numpy as np
import pytest
import spans
import tensorflow as tf

from tf_mmdgan import kernels
from tf_mmdgan.mmd import constrained
from tf_mmdgan.mmd.constrained import solvers
from tf_mmdgan.objectives.constrained import (
    critic_gradient_constrained_mmd2,
)

WIDTH, PIXELS, FEATURES = 0.9, 4, 3
KERNEL = kernels.Gaussian((WIDTH,))


class Critic:
    """tanh(x W) V on images [b, 2, 2, 1]; rank 2 where `flat`."""

    def __init__(self, rng, flat=False):
        self.w = tf.Variable(rng.normal(size=(PIXELS, 6)) / 2)
        v = rng.normal(size=(6, FEATURES)) / 2
        if flat:
            v[:, 2] = v[:, 0]
        self.v = tf.Variable(v)

    def __call__(self, images):
        return tf.tanh(tf.reshape(images, [-1, PIXELS]) @ self.w) @ self.v

    def jacobians(self, images):
        flat = images.reshape(-1, PIXELS)
        slopes = 1 - np.tanh(flat @ self.w.numpy()) ** 2
        v, w = self.v.numpy(), self.w.numpy()
        # By pixels in [0, 1], which are half as far apart.
        return 2 * np.einsum("hp,bh,dh->bpd", v, slopes, w)


@pytest.fixture
def images(rng):
    return [
        rng.normal(size=(n, 2, 2, 1)) + shift
        for n, shift in ((6, 0.0), (5, 1.0), (7, 0.5))
    ]


def distance(critic, images, **settings):
    real, fake, points = images
    return critic_gradient_constrained_mmd2(
        critic, critic(real), critic(fake), points, KERNEL, 0.05, **settings
    )


@pytest.mark.parametrize(
    "flat, constrain_values", [(False, True), (True, True), (True, False)]
)
@pytest.mark.parametrize("solver", solvers.SOLVERS)
def test_equals_the_system_in_pixels(
    rng, images, flat, solver, constrain_values
):
    critic = Critic(rng, flat)
    features = [critic(part).numpy() for part in images]
    expected = spans.gradient_constrained(
        WIDTH, *features, 0.05, critic.jacobians(images[2]),
        values=constrain_values,
    )  # fmt: skip
    actual = distance(
        critic, images, solver=solver, constrain_values=constrain_values
    )
    tolerance = 1e-4 if solver == "incomplete_cholesky" else 2e-6
    assert 0.999 * expected < float(actual)
    assert float(actual) == pytest.approx(expected, rel=tolerance)


def test_a_constant_critic_has_distance_zero(rng, images):
    critic = Critic(rng)
    critic.v.assign(tf.zeros_like(critic.v))
    with tf.GradientTape() as tape:
        value = distance(critic, images)
    gradient = tape.gradient(value, critic.w)
    assert abs(value) < 1e-12 and np.isfinite(gradient).all()


def by_jacobians(critic, images):
    """The same through all Jacobians, differentiated one by one."""
    with tf.GradientTape() as tape:
        points = tf.constant(images[2])
        tape.watch(points)
        features = critic(points)
    jacobian = tape.batch_jacobian(features, points)
    jacobian = 2.0 * tf.reshape(jacobian, [-1, FEATURES, PIXELS])
    return constrained.gradient_constrained_mmd2(
        critic(images[0]), critic(images[1]), features, KERNEL, 0.05,
        jacobian_squares=tf.matmul(jacobian, jacobian, transpose_b=True),
        solver="direct",
    )  # fmt: skip


@pytest.mark.parametrize("function", [distance, by_jacobians])
def test_gradients_by_weights_and_images_equal_differences(
    rng, images, function
):
    critic = Critic(rng)
    variables = critic.w, critic.v
    fake = tf.constant(images[1])
    shifts = [rng.normal(size=part.shape) for part in (*variables, fake)]
    settings = {"solver": "direct"} if function is distance else {}

    @functools.partial(tf.function, autograph=False)
    def value(fake):
        return function(critic, [images[0], fake, images[2]], **settings)

    with tf.GradientTape() as tape:
        tape.watch(fake)
        found = value(fake)
    gradients = tape.gradient(found, [*variables, fake])
    slope = sum(
        float(tf.reduce_sum(g * s))
        for g, s in zip(gradients, shifts, strict=True)
    )
    start, moved = [v.numpy() for v in variables], []
    for step in (1e-5, -1e-5):
        for variable, at, shift in zip(variables, start, shifts[:2],
                                       strict=True):  # fmt: skip
            variable.assign(at + step * shift)
        moved.append(float(value(fake + step * shifts[2])))
    assert slope == pytest.approx((moved[0] - moved[1]) / 2e-5, rel=1e-5)
