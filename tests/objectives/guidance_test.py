"""Drifts that keep away from other classes: weighted negatives."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors, kernels
from tf_mmdgan.kernels import pairwise_squares
from tf_mmdgan.objectives.drift import (
    NORMALIZATIONS,
    DriftField,
    Sides,
    pull,
)
from tf_mmdgan.objectives.drifting import DriftDiscrepancy

KERNEL = kernels.Laplace(0.6)


def field(normalization, x, positives, negatives, own, log_weights=None):
    squares = Sides(
        pairwise_squares(x, positives),
        pairwise_squares(x, negatives),
        own,
        log_weights,
    )
    weights = DriftField(KERNEL, normalization).weights(squares)
    return pull(weights, x, positives, negatives)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_a_weight_is_how_often_a_negative_is_there(normalization, own, rng):
    x, y, z = (tf.constant(rng.normal(size=(n, 2))) for n in (5, 4, 3))
    logs = tf.math.log(tf.constant([1.0] * 5 + [3.0] * 3, tf.float64))
    weighted = field(normalization, x, y, tf.concat([x, z], 0), own, logs)
    repeated = tf.concat([x, z, z, z], axis=0)
    expected = field(normalization, x, y, repeated, own)
    np.testing.assert_allclose(weighted, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("normalization", ["row", "separate", "none", "sharp"])
def test_rests_beyond_the_class(normalization, rng):
    # The class is 3/4 a and 1/4 b, all classes together half of each. With
    # alpha = 1.5, q is 1.5 p - .5 p_any: 7/8 a and 1/8 b.
    a, b = rng.normal(size=(2, 2))
    positives, any_class, q = (
        tf.constant(np.repeat([a, b], counts, axis=0))
        for counts in ([3, 1], [4, 4], [7, 1])
    )
    x = tf.constant(rng.normal(size=(6, 2)))
    logs = tf.math.log(tf.constant([1.0] * 8 + [0.5 * 8 / 8] * 8, tf.float64))
    negatives = tf.concat([q, any_class], axis=0)
    rest = field(normalization, x, positives, negatives, False, logs)
    np.testing.assert_allclose(rest, 0.0, atol=1e-12)
    moving = field(normalization, x, positives, q, False)
    assert np.abs(moving).max() > 1e-3


def test_loss_of_two_classes_by_hand(rng):
    real, fake = rng.normal(size=(2, 8, 3)), rng.normal(size=(2, 65, 3))
    made = DriftDiscrepancy(
        DriftField(KERNEL, "row"), (0.3,), scaled=False, guidance=2.0, classes=2
    )
    found = tape_gradient(made, real, fake)
    # As many as the class has generated points, but the point itself: 65
    # generated ones and 16 real ones, each of weight 4.
    logs = tf.math.log(tf.constant([1.0] * 65 + [4.0] * 16, tf.float64))
    gaps = [
        np.linalg.norm(fake[:, :, None] - other[:, None], axis=-1)
        for other in (real, fake)
    ]
    distance = sum(g.sum() for g in gaps) / (2 * 65 * (8 + 64))
    unit = np.sqrt(3) / distance
    for label in range(2):
        x, z = fake[label] / distance, real.reshape(16, 3) / distance
        squares = Sides(
            pairwise_squares(x, real[label] / distance),
            pairwise_squares(x, np.concatenate([x, z])),
            True,
            logs,
        )
        weights = DriftField(KERNEL, "row").weights(squares, 0.3)
        drift = pull(
            weights,
            tf.constant(fake[label]),
            tf.constant(real[label]),
            tf.constant(np.concatenate([fake[label], real.reshape(16, 3)])),
        )
        expected = -2.0 * unit * unit * drift / fake.size
        np.testing.assert_allclose(found[label], expected, rtol=1e-6)


def tape_gradient(made, real, fake):
    y = tf.constant(fake)
    with tf.GradientTape() as tape:
        tape.watch(y)
        loss = made(tf.constant(real), y)
    return tape.gradient(loss, y).numpy()


def test_negatives_of_a_place_are_those_of_all_classes_there():
    made = DriftDiscrepancy(guidance=2.0, classes=2)
    # [classes, places, n, d], classes outermost.
    real = tf.reshape(tf.range(2 * 3 * 2 * 1, dtype=tf.float32), [6, 2, 1])
    found = made._of_any_class(real)
    assert found.shape == (6, 4, 1)
    for place in range(3):
        expected = tf.concat([real[place], real[3 + place]], axis=0)
        for label in range(2):
            np.testing.assert_array_equal(found[3 * label + place], expected)


def test_without_guidance_nothing_changes(rng):
    real, fake = rng.normal(size=(2, 8, 3)), rng.normal(size=(2, 6, 3))
    plain = DriftDiscrepancy()
    one = dataclasses.replace(plain, guidance=1.0, classes=2)
    np.testing.assert_array_equal(
        tape_gradient(plain, real, fake), tape_gradient(one, real, fake)
    )
    more = dataclasses.replace(one, guidance=1.5)
    assert (
        tape_gradient(plain, real, fake) != tape_gradient(more, real, fake)
    ).any()


def test_refusals():
    with pytest.raises(errors.UsageError, match="guidance="):
        DriftDiscrepancy(guidance=0.5)
    alone = DriftDiscrepancy(guidance=2.0)
    with pytest.raises(errors.UsageError, match="there are none"):
        alone(tf.zeros([4, 2]), tf.ones([4, 2]))
    with pytest.raises(
        errors.UsageError, match=r"model has 3 there, .*classes=1"
    ):
        alone.check(3)
    with pytest.raises(
        errors.UsageError, match=r"model has 1 there, .*classes=2"
    ):
        dataclasses.replace(alone, classes=2).check(1)
    dataclasses.replace(alone, classes=3).check(3)
