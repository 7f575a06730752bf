"""Half precision with scaled losses, XLA, and losses of single replicas."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny

from tf_mmdgan import kernels, mmd
from tf_mmdgan.distribute import Cluster, Update
from tf_mmdgan.objectives import MMDGAN, Objective, ScaledMMD


def fit(made, steps=2, batches=None):
    made.fit(
        batches or tiny.batches(), steps_per_epoch=steps, verbose=0,
        shuffle=False,
    )  # fmt: skip
    return made


def scaled(initial_scale=2.0**15):
    return lambda rate: keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(rate), initial_scale
    )


def trained(made):
    return made.critic.get_weights() + made.generator.get_weights()


@pytest.mark.parametrize(
    "clip_norm", [None, pytest.param(0.05, marks=pytest.mark.slow)]
)
def test_scaled_losses_change_nothing_in_full_precision(clip_norm):
    plain = fit(tiny.model(clip_norm=clip_norm))
    scaling = fit(tiny.model(clip_norm=clip_norm, optimizer=scaled()))
    for a, b in zip(trained(plain), trained(scaling), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-7)


@pytest.mark.slow
def test_scaled_losses_on_two_replicas_are_those_of_one_device(two_cpus):
    one = fit(tiny.model(optimizer=scaled()))
    with two_cpus.scope():
        two = tiny.model(optimizer=scaled())
    fit(two, batches=Cluster(two_cpus).spread(tiny.batches(), 8))
    for a, b in zip(trained(one), trained(two), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_an_overflow_skips_the_update_and_lowers_the_scale():
    made = tiny.model(optimizer=scaled(2.0**127), critic_steps=1)
    before = made.critic.get_weights()
    fit(made, 1)
    for a, b in zip(before, made.critic.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert float(made.critic_optimizer.dynamic_scale) == 2.0**126


@pytest.mark.parametrize(
    "policy, tolerance", [("mixed_bfloat16", 0.1), ("mixed_float16", 0.01)]
)
def test_networks_in_half_precision_have_losses_in_full(policy, tolerance):
    # From 2^15, where one usually begins, the first update would overflow.
    half = tiny.model(dtype=policy, optimizer=scaled(64.0), critic_steps=1)
    assert half.critic.layers[-1].compute_dtype == policy[len("mixed_") :]
    full = tiny.model(critic_steps=1)
    history = half.fit(tiny.batches(), steps_per_epoch=1, verbose=0).history
    expected = full.fit(tiny.batches(), steps_per_epoch=1, verbose=0).history
    for name, (value,) in expected.items():
        assert history[name][0] == pytest.approx(value, rel=tolerance), name
    assert all(w.dtype == np.float32 for w in trained(half))


def test_xla_compiles_the_same_step(monkeypatch):
    # Its objective draws no number but latents. They are the same under XLA
    # where their key is, which is a hash that XLA computes otherwise.
    monkeypatch.setattr(
        Update,
        "_key",
        lambda update, purpose, index: tf.stack([update.number] * 2),
    )
    settings = {
        "objective": Objective(ScaledMMD(kernels.Gaussian())),
        "batch_norm": True,
        "dtype": "float64",
    }

    def run(**others):
        batches = tiny.batches(dtype=np.float64)
        return trained(fit(tiny.model(**settings, **others), batches=batches))

    for a, b in zip(run(), run(jit_compile=True), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-10)


@pytest.mark.slow
def test_xla_compiles_a_penalised_step():
    history = tiny.model(jit_compile=True).fit(
        tiny.batches(), steps_per_epoch=2, verbose=0
    )
    assert all(np.isfinite(v).all() for v in history.history.values())


def test_loss_of_each_replica_is_that_of_its_rows(two_cpus):
    settings = {
        "objective": Objective(MMDGAN(kernels.Gaussian())),
        "critic_steps": 1,
        "dtype": "float64",
    }
    with two_cpus.scope():
        made = tiny.model(mmd_scope="replica", **settings)
    one = tiny.model(**settings)
    real = next(iter(tiny.batches(dtype=np.float64)))
    update = Update(one.seed, tf.constant(0, tf.int64))
    fake = one.generator(update.latents(tiny.LATENTS, 8), training=True)
    x, y = (one.critic(images)["features"] for images in (real, fake))
    halves = [
        mmd.mmd2_unbiased(
            mmd.gram_matrices(kernels.Gaussian(), x[rows], y[rows])
        )
        for rows in (slice(0, 4), slice(4, 8))
    ]
    data = Cluster(two_cpus).spread(tiny.batches(dtype=np.float64), 8)
    history = made.fit(data, steps_per_epoch=1, verbose=0, shuffle=False)
    assert history.history["critic/mmd2"][0] == pytest.approx(
        np.mean(halves), rel=1e-9
    )
