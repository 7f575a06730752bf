"""Many runs at once against runs by themselves, and against the package."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import kernels, mmd
from tf_mmdgan.objectives import WGAN, Batch, CriticOutput, GradientPenalty
from tf_mmdgan.objectives.criterion import joint_pass
from tf_mmdgan.reproduction.studies import ring_gan, ring_gans
from tf_mmdgan.reproduction.studies.ring_gan import Group
from tf_mmdgan.reproduction.studies.ring_gans import Setting

SMALL = {"generator_width": 4, "critic_width": 4, "batch_size": 8}


def weights(runs):
    return [w.numpy() for w in (*runs.state.generator, *runs.state.critic)]


def of_run(index, arrays):
    """The part of one run of arrays that have a leading axis of runs."""
    return tf.nest.map_structure(lambda array: array[index], arrays)


@pytest.mark.parametrize("name", ["wgan_gp", "smmd"])
def test_runs_do_not_touch_one_another(name):
    """The first run is the same, whatever the settings of the second are."""
    found = []
    for rate in (1e-3, 1e-2):
        settings = [Setting(0), Setting(1, learning_rate=rate)]
        runs = ring_gans.Runs(Group(name, 1, **SMALL), settings)
        runs.train(3)
        found.append(weights(runs))
    for first, second in zip(*found, strict=True):
        np.testing.assert_allclose(first[0], second[0], atol=1e-6)
    moved = zip(*found, strict=True)
    assert any(np.abs(a[1] - b[1]).max() > 1e-3 for a, b in moved)


@pytest.mark.parametrize("of_critic", [True, False])
@pytest.mark.parametrize("name", ring_gan.OBJECTIVES)
def test_runs_have_the_gradients_that_they_have_alone(name, of_critic):
    group = Group(name, critic_output=1, **SMALL)
    runs = ring_gans.Runs(group, [Setting(0), Setting(1)])
    state, draws = runs._weights(), runs._draw()
    together = ring_gans._of_each_run(
        lambda *run: ring_gan.gradients_of(group, of_critic, *run), state, draws
    )
    for index in range(2):
        alone = ring_gan.gradients_of(
            group, of_critic, of_run(index, state), of_run(index, draws)
        )
        for found, expected in zip(together, alone, strict=True):
            np.testing.assert_allclose(found[index], expected, atol=1e-6)


def test_each_run_has_the_adam_of_its_settings():
    settings = [Setting(0, 0.01, 0.6, 0.8), Setting(0, 0.1, 0.5, 0.999)]
    values = np.random.default_rng(0).normal(size=(2, 3, 2)).astype("float32")
    together = keras.Variable(values)
    adam = ring_gans._adam(settings, [together])
    alone = [keras.Variable(value) for value in values]
    optimizers = [
        keras.optimizers.Adam(*setting[1:], epsilon=1e-8)
        for setting in settings
    ]
    for i in range(3):
        gradient = tf.sin(tf.constant(values) + i)
        adam.apply([gradient])
        for optimizer, part, weight in zip(
            optimizers, gradient, alone, strict=True
        ):
            optimizer.apply([part], [weight])
    np.testing.assert_allclose(together, alone, atol=2e-6)


class _Features:
    """A critic whose features are a function of points."""

    def __init__(self, function):
        self.function = function

    def __call__(self, batch):
        return CriticOutput(self.function(batch.images), [])

    def joint(self, *batches):
        points = tf.concat([batch.images for batch in batches], axis=0)
        return self(Batch(points))


def comparison(critic, real, fake, mix):
    update = ring_gan._DrawnUpdate(0, tf.constant(0, tf.int64), mix=mix)
    return joint_pass(critic, Batch(real), [Batch(fake)], update)


def test_the_mmd_has_a_gaussian_kernel_of_width_one():
    x, y = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    kernel = kernels.Gaussian((1.0,))
    expected = mmd.mmd2_unbiased(mmd.gram_matrices(kernel, x, y)).numpy()
    seen = comparison(_Features(tf.identity), x, y, tf.zeros([5]))
    criterion = ring_gan.OBJECTIVES["mmd_gp"].criterion
    loss = criterion.critic_loss(seen).value
    np.testing.assert_allclose(loss, -expected, atol=1e-5)


def test_the_penalty_is_on_slopes_between_pairs():
    real = tf.constant([[0.0, 0.0], [1.0, 0.0]])
    critic = _Features(lambda p: tf.reduce_sum(p**2, -1, keepdims=True))
    seen = comparison(critic, real, real + 1.0, tf.constant([0.5, 0.0]))
    found = GradientPenalty(1.0).penalty(WGAN(), seen)
    slopes = 2 * np.array([np.hypot(0.5, 0.5), 1.0])
    np.testing.assert_allclose(found, ((slopes - 1) ** 2).mean(), rtol=1e-5)


def test_spectral_norms_become_one_and_clipped_weights_stay_in_the_box():
    runs = ring_gans.Runs(
        Group("gan", 1, spectral_norm=True, **SMALL), [Setting(0)]
    )
    runs._turn_vectors(30)
    norms = [np.linalg.norm(k[0], 2) for k in runs.kernels()]
    np.testing.assert_allclose(norms, 1.0, atol=1e-3)

    runs = ring_gans.Runs(
        Group("wgan", 1, weight_clip=0.05, **SMALL), [Setting(0)]
    )
    runs.train(2)
    assert max(np.abs(w.numpy()).max() for w in runs.state.critic) <= 0.05


def test_points_that_are_not_finite_have_no_mode():
    assert ring_gans.score(np.array([[np.nan, 0.0]]))["modes"] == 0
