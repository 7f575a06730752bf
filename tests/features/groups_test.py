"""Features in groups: places, means and deviations of maps."""

import numpy as np
import pytest
import tensorflow as tf
import tiny
import tiny_matching

from tf_mmdgan import errors
from tf_mmdgan.features import FeatureGroups, get_groups, pixels

SEED = tf.constant([3, 4], tf.int64)


def test_a_map_is_compared_at_places_and_by_its_moments():
    groups = tiny_matching.groups()
    images = next(iter(tiny.batches(6)))
    found = [group.numpy() for group in groups(images, SEED)]
    values = groups.parts[0].outputs(images)[0].numpy()
    flat = values.reshape(6, -1, 3)
    at = [
        np.flatnonzero((flat[0] == place).all(axis=-1)).item()
        for place in found[0][0]
    ]
    assert len(set(at)) == 2
    np.testing.assert_array_equal(found[0], flat[:, at])
    np.testing.assert_allclose(
        found[1][:, 0], values.mean((1, 2)), rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(
        found[2][:, 0], values.std((1, 2)), rtol=1e-4, atol=1e-6
    )
    np.testing.assert_array_equal(found[3][:, 0], pixels(images))
    assert groups.count(tiny.SHAPE) == len(found) == 4


def test_places_are_drawn_anew_and_alike_for_real_and_generated():
    groups = tiny_matching.groups()
    images = next(iter(tiny.batches(6)))
    seeds = [tf.constant([0, i], tf.int64) for i in range(12)]
    drawn = [groups(images, seed)[0].numpy() for seed in seeds]
    assert len({values.tobytes() for values in drawn}) > 1
    np.testing.assert_array_equal(groups(images, seeds[0])[0], drawn[0])


def test_a_map_without_spread_has_a_gradient():
    groups = tiny_matching.groups()
    images = tf.zeros([4, *tiny.SHAPE])
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = tf.add_n([tf.reduce_sum(g) for g in groups(images, SEED)])
    assert np.isfinite(tape.gradient(total, images)).all()


def test_the_packaged_features_have_groups():
    groups = get_groups("masked_digits,pixels", (16, 16, 1), 5)
    assert groups.count((16, 16, 1)) == 3 * 3 + 1 + 1
    shapes = [g.shape for g in groups(tf.zeros([2, 16, 16, 1]), SEED)]
    # The third map has 2 x 2 places, and all of them are compared.
    assert [s[1] for s in shapes] == [5, 1, 1, 5, 1, 1, 4, 1, 1, 1, 1]


def test_no_place_is_no_group():
    with pytest.raises(errors.UsageError, match="places=0"):
        FeatureGroups([pixels], places=0)
