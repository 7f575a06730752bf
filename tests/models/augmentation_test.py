"""Models whose critic sees changed images."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny
import tiny_conditional

from tf_mmdgan import errors, kernels
from tf_mmdgan.distribute import Cluster, Update
from tf_mmdgan.latents import Latents
from tf_mmdgan.models import AdversarialModel
from tf_mmdgan.objectives import (
    MMDGAN,
    AdaptiveProbability,
    Batch,
    CriticAugmentation,
    Objective,
    ScaledMMD,
)

CHANGES = CriticAugmentation("color,translation,cutout")
MMD = MMDGAN(kernels.Gaussian())


def fit(made, data=None, steps=2):
    data = tiny.batches() if data is None else data
    return made.fit(data, steps_per_epoch=steps, verbose=0).history


def test_labels_stay_with_their_changed_images():
    objective = Objective(MMD, augmentation=CHANGES)
    made = tiny_conditional.model(objective=objective)
    images, labels = next(iter(tiny_conditional.batches()))
    update = Update(5, tf.constant(4, tf.int64))
    inputs = [update.latents(tiny.LATENTS, 8), labels]
    fake = Batch(made.generator(inputs, training=True), labels)
    shown = CHANGES.apply([Batch(images, labels), fake], update)
    x, y = (made.critic([b.images, b.labels])["features"] for b in shown)
    logs = made.critic_update((images, labels), tf.constant(4, tf.int64))
    grams = kernels.Gaussian()
    within = [(tf.reduce_sum(grams(z, z)) - 8) / 56 for z in (x, y)]
    expected = sum(within) - 2 * tf.reduce_mean(grams(x, y))
    assert float(logs["mmd2"]) == pytest.approx(float(expected), rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_networks_in_half_precision_see_changes_in_full(policy):
    objective = Objective(MMD, augmentation=CHANGES)
    half = fit(tiny.model(dtype=policy, objective=objective), steps=1)
    full = fit(tiny.model(objective=objective), steps=1)
    for name, (value,) in full.items():
        assert half[name][0] == pytest.approx(value, rel=0.1, abs=0.01), name


@pytest.mark.slow
def test_xla_compiles_a_step_with_changes():
    objective = Objective(ScaledMMD(kernels.Gaussian()), augmentation=CHANGES)
    history = fit(tiny.model(objective=objective, jit_compile=True))
    assert all(np.isfinite(v).all() for v in history.values())


QUICK = AdaptiveProbability(target=-0.9, images=160)
ADAPTIVE = Objective(MMD, augmentation=CriticAugmentation("flip,color", QUICK))


def test_a_probability_is_kept_and_logged():
    made = tiny.model(objective=ADAPTIVE)
    kept = [w.path for w in made.weights if "adaptation" in w.path]
    assert len(kept) == 1
    # Two updates of 8 images a step; after 4 updates 32 of 160 have been seen.
    history = made.fit(tiny.batches(), steps_per_epoch=1, epochs=7, verbose=0)
    ps = history.history["critic/augmentation_p"]
    np.testing.assert_allclose(ps, [0, 0, 0.2, 0.2, 0.4, 0.4, 0.6], rtol=1e-6)
    plain = tiny.model(objective=Objective(MMD, augmentation=CHANGES))
    assert not [w for w in plain.weights if "adaptation" in w.path]


@pytest.mark.slow
@pytest.mark.parametrize("scope", ["global", "replica"])
def test_two_replicas_have_one_probability(two_cpus, scope):
    settings = {"objective": ADAPTIVE, "dtype": "float64", "mmd_scope": scope}
    one = tiny.model(**settings)
    data = tiny.batches(dtype=np.float64)
    fit(one, data, 5)
    with two_cpus.scope():
        two = tiny.model(**settings)
    history = fit(two, Cluster(two_cpus).spread(data, 8), 5)
    assert history["critic/augmentation_p"][-1] == pytest.approx(0.4)
    parts = two_cpus.experimental_local_results(two.adaptation.value)
    np.testing.assert_array_equal(*parts)
    if scope == "global":
        for a, b in zip(tiny.weights(one), tiny.weights(two), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-9)


def test_points_are_refused():
    layers = [keras.Input((2,)), keras.layers.Dense(3)]
    critic = [keras.Input((3,)), keras.layers.Dense(4)]
    with pytest.raises(errors.UsageError, match=r"arrays of shape \[3\]"):
        AdversarialModel(
            keras.Sequential(layers),
            keras.Sequential(critic),
            Latents(2, "normal"),
            Objective(MMD, augmentation=CHANGES),
        )
