import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import kernels, mmd
from tf_mmdgan.reproduction.studies import ring_gans
from tf_mmdgan.reproduction.studies.ring_gans import Group, Setting

SMALL = {"generator_width": 4, "critic_width": 4, "batch_size": 8}


@pytest.fixture(autouse=True)
def eagerly():
    """A few steps are done before their graph would be built."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def weights(runs):
    return [w.numpy() for w in runs.generator + runs.critic]


@pytest.mark.parametrize("loss", ["wgan_gp", "smmd"])
def test_runs_do_not_touch_one_another(loss):
    """The first run is the same, whatever the settings of the second are."""
    found = []
    for rate in (1e-3, 1e-2):
        settings = [Setting(0), Setting(1, learning_rate=rate)]
        runs = ring_gans.Runs(Group(loss, 1, **SMALL), settings)
        runs.train(3)
        found.append(weights(runs))
    for first, second in zip(*found, strict=True):
        np.testing.assert_allclose(first[0], second[0], atol=1e-6)
    assert any(np.abs(a[1] - b[1]).max() > 1e-3 for a, b in zip(*found))  # noqa: B905


def test_adam_is_that_of_keras():
    import keras

    values = np.random.default_rng(0).normal(size=(1, 3, 2)).astype("float32")
    ours, theirs = tf.Variable(values), keras.Variable(values)
    adam = ring_gans.Adam([ours], [Setting(0, 0.01, 0.6, 0.8)])
    optimizer = keras.optimizers.Adam(0.01, 0.6, 0.8, epsilon=1e-8)
    for i in range(3):
        gradient = tf.sin(tf.constant(values) + i)
        adam.apply([gradient])
        optimizer.apply([gradient], [theirs])
    np.testing.assert_allclose(ours, theirs, atol=2e-6)


def test_mmd_is_that_of_the_package_for_each_run():
    x, y = np.random.default_rng(0).normal(size=(2, 2, 5, 3)).astype("float32")
    kernel = kernels.Gaussian((1.0,))
    expected = [
        mmd.mmd2_unbiased(mmd.gram_matrices(kernel, *run)).numpy()
        for run in zip(x, y, strict=True)
    ]
    np.testing.assert_allclose(ring_gans.mmd2(x, y), expected, atol=1e-5)


def test_the_penalty_is_on_slopes_between_pairs():
    real = tf.constant([[[0.0, 0.0], [1.0, 0.0]]])
    fake, mix = real + 1.0, tf.constant([[[0.5], [0.0]]])
    found = ring_gans.slope_penalty(
        lambda p: tf.reduce_sum(p**2, -1), real, fake, mix
    )
    slopes = 2 * np.array([np.hypot(0.5, 0.5), 1.0])
    np.testing.assert_allclose(found, [((slopes - 1) ** 2).mean()], rtol=1e-5)


def test_spectral_norms_become_one_and_clipped_weights_stay_in_the_box():
    runs = ring_gans.Runs(
        Group("gan", 1, spectral_norm=True, **SMALL), [Setting(0)]
    )
    for _ in range(30):
        runs._move_vectors()
    norms = [np.linalg.norm(k[0], 2) for k in runs.kernels()]
    np.testing.assert_allclose(norms, 1.0, atol=1e-3)

    runs = ring_gans.Runs(
        Group("wgan", 1, weight_clip=0.05, **SMALL), [Setting(0)]
    )
    runs.train(2)
    assert max(np.abs(w.numpy()).max() for w in runs.critic) <= 0.05


def test_points_that_are_not_finite_have_no_mode():
    assert ring_gans.score(np.array([[np.nan, 0.0]]))["modes"] == 0
