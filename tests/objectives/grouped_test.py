"""Discrepancies summed over groups of features."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan.objectives.discrepancies import (
    KernelDiscrepancy,
    RandomFeatureDiscrepancy,
    SlicedEnergy,
)
from tf_mmdgan.objectives.drift import DriftField
from tf_mmdgan.objectives.drifting import DriftDiscrepancy
from tf_mmdgan.objectives.grouped import GroupedDiscrepancy, in_own_unit

SEED = tf.constant([1, 2], tf.int64)
PLAIN = {
    "mmd": KernelDiscrepancy("rbf", "unbiased", root=False),
    "median": KernelDiscrepancy("rbf", median_bandwidth=True),
    "sliced": SlicedEnergy(4),
    "frequencies": RandomFeatureDiscrepancy("rbf", 8),
}


@pytest.fixture
def groups(rng):
    def draw(count, shift):
        shapes = ((count, 5, 3), (count, 1, 7))
        return [
            tf.constant(rng.normal(shift, 2.0, shape).astype(np.float32))
            for shape in shapes
        ]

    return draw(12, 0.0), draw(9, 1.0)


def test_the_unit_is_the_mean_distance_of_real_and_generated(groups):
    (real, *_), (fake, *_) = groups
    x, y = in_own_unit(real, fake)
    apart = x[:, :, None] - y[:, None, :]
    np.testing.assert_allclose(np.mean(np.sum(apart**2, -1)), 1.0, rtol=1e-5)
    np.testing.assert_allclose(
        x / x[0, 0, 0], tf.transpose(real, [1, 0, 2]) / real[0, 0, 0], rtol=1e-5
    )


def test_each_class_is_compared_with_its_own(groups):
    discrepancy = PLAIN["mmd"]
    real, fake = ([group[:, :1] for group in side] for side in groups)
    found = GroupedDiscrepancy(discrepancy, 2, classes=3).lowered(
        real, fake, tf.zeros([0]), SEED
    )
    expected = 0.0
    for x, y in zip(real, fake, strict=True):
        x, y = np.split(x[:, 0], 3), np.split(y[:, 0], 3)
        apart = [a[:, None] - b[None] for a, b in zip(x, y, strict=True)]
        unit = np.sqrt(np.mean([np.sum(d**2, -1).mean() for d in apart]))
        expected += np.mean(
            [discrepancy(a / unit, b / unit) for a, b in zip(x, y, strict=True)]
        )
    np.testing.assert_allclose(found.loss, expected, rtol=1e-5)


@pytest.mark.parametrize("name", PLAIN)
def test_groups_are_summed_and_places_averaged(name, groups):
    discrepancy = PLAIN[name]
    grouped = GroupedDiscrepancy(discrepancy, groups=2)
    found = grouped.lowered(*groups, tf.zeros([0]), SEED).loss
    expected = 0.0
    for pair in zip(*groups, strict=True):
        places = zip(*map(tf.unstack, in_own_unit(*pair)), strict=True)
        expected += np.mean([discrepancy(x, y, SEED) for x, y in places])
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_places_of_a_drift_share_their_unit_and_their_size(groups):
    field = DriftField("laplace", "row")
    discrepancy = DriftDiscrepancy(field, (0.3,), decay=0.5)
    grouped = GroupedDiscrepancy(discrepancy, groups=2)
    real, fake = groups
    with tf.GradientTape() as tape:
        tape.watch(fake)
        lowered = grouped.lowered(real, fake, tf.zeros([2]), SEED)
    gradients = tape.gradient(lowered.loss, fake)
    for x, y, gradient, size in zip(
        real, fake, gradients, lowered.memory.numpy(), strict=True
    ):
        x, y = (tf.transpose(rows, [1, 0, 2]) for rows in (x, y))
        places, n, width = y.shape
        joint = np.linalg.norm(y[:, :, None] - tf.concat([x, y], 1)[:, None], axis=-1)  # fmt: skip  # noqa: E501
        distance = joint.sum() / (places * n * (x.shape[1] + n - 1))
        unit = np.sqrt(width) / distance
        drift = field(y * (1 / (0.3 * distance)), x * (1 / (0.3 * distance)), y * (1 / (0.3 * distance)), own=True)  # fmt: skip  # noqa: E501
        drift *= 0.3 * distance * unit
        np.testing.assert_allclose(
            size, np.sqrt(np.mean(np.square(drift))), rtol=1e-4
        )
        expected = -2.0 * unit * drift / size / (places * n * width)
        np.testing.assert_allclose(
            tf.transpose(gradient, [1, 0, 2]), expected, rtol=2e-3, atol=1e-6
        )
