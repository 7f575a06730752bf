"""MMD GAN's losses against a NumPy formula and finite differences."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import distribution, kernels
from tf_mmdgan.objectives import MMDGAN, Batch, CriticOutput, protocol

SHAPE, HIDDEN, OUT = (2, 2, 1), 5, 3


class TinyCritic:
    """features = tanh(x W) V, in float64, with one hidden layer."""

    def __init__(self, rng):
        self.w = tf.Variable(rng.normal(size=(np.prod(SHAPE), HIDDEN)))
        self.v = tf.Variable(rng.normal(size=(HIDDEN, OUT)))

    def __call__(self, batch):
        flat = tf.reshape(batch.images, [-1, np.prod(SHAPE)])
        hidden = tf.tanh(flat @ self.w)
        return CriticOutput(hidden @ self.v, [hidden])

    def both(self, real, fake):
        return self(protocol.concatenate(real, fake))


@pytest.fixture
def setting(rng):
    critic = TinyCritic(rng)
    real = rng.uniform(-1, 1, size=(6, *SHAPE))
    fake = rng.uniform(-1, 1, size=(6, *SHAPE))
    draw = distribution.Draw(3, tf.constant(7, tf.int64))
    return critic, real, fake, draw


def rq_linear(x, y):
    r2 = ((x[:, None] - y[None]) ** 2).sum(-1)
    scales = (0.2, 0.5, 1, 2, 5)
    return sum((1 + r2 / (2 * a)) ** -a for a in scales) + x @ y.T


def numpy_losses(critic, real, fake, weights):
    w, v = critic.w.numpy(), critic.v.numpy()

    def hidden(images):
        return np.tanh(images.reshape(len(images), -1) @ w)

    def off_diagonal_mean(gram):
        n = len(gram)
        return (gram.sum() - np.trace(gram)) / (n * (n - 1))

    x, y = hidden(real) @ v, hidden(fake) @ v
    mmd2 = (
        off_diagonal_mean(rq_linear(x, x))
        + off_diagonal_mean(rq_linear(y, y))
        - 2 * rq_linear(x, y).mean()
    )
    points = real + weights[:, None, None, None] * (fake - real)

    def witness(images):
        t = hidden(images) @ v
        return rq_linear(t, x).mean(1) - rq_linear(t, y).mean(1)

    step, squares = 1e-5, 0.0
    for index in np.ndindex(*SHAPE):
        shift = np.zeros(SHAPE)
        shift[index] = step
        slope = (witness(points + shift) - witness(points - shift)) / (2 * step)
        squares = squares + slope**2
    # Images in [0, 1] have half the extent, hence twice the slope.
    penalty = ((2 * np.sqrt(squares) - 1) ** 2).mean()
    l2 = sum((a**2).mean() for a in (hidden(real), x, hidden(fake), y))
    return mmd2, penalty, l2


def test_losses_equal_the_formula(setting):
    critic, real, fake, draw = setting
    weights = draw.uniform(distribution.INTERPOLATION, 6).numpy()
    weights = weights.astype(np.float64)
    mmd2, penalty, l2 = numpy_losses(critic, real, fake, weights)
    objective = MMDGAN(kernels.KERNELS["rq_linear"], 0.7, 0.3)
    batches = Batch(tf.constant(real)), [Batch(tf.constant(fake))]

    loss = objective.critic_loss(critic, *batches, draw)
    assert loss.terms["mmd2"].numpy() == pytest.approx(mmd2, rel=1e-10)
    assert loss.terms["gradient_penalty"].numpy() == pytest.approx(
        penalty, rel=1e-6
    )
    assert loss.terms["feature_penalty"].numpy() == pytest.approx(l2, rel=1e-6)
    expected = -mmd2 + 0.7 * penalty + 0.3 * l2
    assert loss.value.numpy() == pytest.approx(expected, rel=1e-6)

    loss = objective.generator_loss(critic, *batches, draw)
    assert loss.value.numpy() == pytest.approx(mmd2, rel=1e-10)


def test_critic_gradient_passes_finite_differences(setting, rng):
    critic, real, fake, draw = setting
    objective = MMDGAN(kernels.KERNELS["rq_linear"], 1.0, 0.0)
    batches = Batch(tf.constant(real)), [Batch(tf.constant(fake))]

    def value():
        return objective.critic_loss(critic, *batches, draw).value

    with tf.GradientTape() as tape:
        loss = value()
    gradient = tape.gradient(loss, critic.w)
    direction = rng.normal(size=critic.w.shape)
    start, step = critic.w.numpy(), 1e-5
    critic.w.assign(start + step * direction)
    above = value().numpy()
    critic.w.assign(start - step * direction)
    below = value().numpy()
    expected = (above - below) / (2 * step)
    assert np.sum(gradient * direction) == pytest.approx(expected, rel=1e-5)


def test_generator_gradient_passes_finite_differences(setting, rng):
    critic, real, fake, draw = setting
    objective = MMDGAN(kernels.KERNELS["rq"], 1.0, 1.0)
    fake = tf.Variable(fake)

    def value():
        batches = Batch(tf.constant(real)), [Batch(fake)]
        return objective.generator_loss(critic, *batches, draw).value

    with tf.GradientTape() as tape:
        tape.watch(fake)
        loss = objective.generator_loss(
            critic, Batch(tf.constant(real)), [Batch(fake.value())], draw
        ).value
    gradient = tape.gradient(loss, fake)
    direction = rng.normal(size=fake.shape)
    start, step = fake.numpy(), 1e-5
    fake.assign(start + step * direction)
    above = value().numpy()
    fake.assign(start - step * direction)
    below = value().numpy()
    expected = (above - below) / (2 * step)
    assert np.sum(gradient * direction) == pytest.approx(expected, rel=1e-5)


def test_zero_weights_leave_the_penalties_out(setting):
    critic, real, fake, draw = setting
    objective = MMDGAN(kernels.Gaussian(), 0.0, 0.0)
    loss = objective.critic_loss(
        critic, Batch(tf.constant(real)), [Batch(tf.constant(fake))], draw
    )
    assert set(loss.terms) == {"mmd2"}
    assert loss.value.numpy() == -loss.terms["mmd2"].numpy()
    assert not objective.needs_independent_examples


def test_published_settings_depend_on_the_kernel():
    assert MMDGAN.published(None)["kernel"] == "rq_linear"
    assert MMDGAN.published("distance")["critic_output"] == 256
    assert MMDGAN.published("distance")["gradient_penalty"] == 10
