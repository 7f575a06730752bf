"""Batches together and apart, and what the critic says of them."""

import numpy as np
import pytest
import smooth
import tensorflow as tf

from tf_mmdgan.objectives import Batch, criterion


@pytest.mark.parametrize("labels", [None, [1, 2, 3, 4]])
def test_concatenate_keeps_images_and_labels_together(rng, labels):
    images = rng.normal(size=(4, 3, 3, 1))
    parts = [
        Batch(tf.constant(images[rows]), labels and tf.constant(labels[rows]))
        for rows in (slice(0, 1), slice(1, 3), slice(3, 4))
    ]
    together = criterion.concatenate(*parts)
    np.testing.assert_array_equal(together.images, images)
    if labels is None:
        assert together.labels is None
    else:
        np.testing.assert_array_equal(together.labels, labels)


def test_the_critic_sees_all_batches_in_order(rng):
    critic = smooth.SmoothCritic(rng)
    sets = smooth.images(rng, 3)
    seen = smooth.comparison(critic, *sets)
    features = [critic.features(images) for images in sets]
    for actual in ([seen.real_features, *seen.fake_features],
                   [seen.x, *seen.ys]):  # fmt: skip
        np.testing.assert_allclose(actual, features)
    np.testing.assert_allclose(seen.y, features[1])
    np.testing.assert_allclose(seen.output.features, np.concatenate(features))
    hidden = [critic.hidden(images) for images in sets]
    np.testing.assert_allclose(seen.penultimates, hidden)
    np.testing.assert_array_equal(seen.real.images, sets[0])
    for batch, images in zip(seen.fakes, sets[1:], strict=True):
        np.testing.assert_array_equal(batch.images, images)


@pytest.mark.parametrize("needs_real", [True, False])
def test_the_generator_sees_real_images_where_they_count(rng, needs_real):
    critic = smooth.SmoothCritic(rng)
    sets = smooth.images(rng, 3)
    seen = criterion.separate_passes(
        critic, *smooth.batches(critic, *sets), smooth.update(), needs_real
    )
    real, *fakes = (critic.features(images) for images in sets)
    np.testing.assert_allclose(seen.ys, fakes)
    np.testing.assert_allclose(seen.fake_features, fakes)
    assert seen.output is None
    hidden = [critic.hidden(images) for images in sets]
    np.testing.assert_allclose(seen.penultimates[1:], hidden[1:])
    if needs_real:
        np.testing.assert_allclose(seen.penultimates[0], hidden[0])
        np.testing.assert_allclose(seen.x, real)
        np.testing.assert_allclose(seen.real_features, real)
    else:
        assert seen.x is None and seen.real_features is None
        assert seen.penultimates[0] is None
