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
    view = smooth.view(critic, *sets)
    features = [critic.features(images) for images in sets]
    for actual in ([view.real_features, *view.fake_features],
                   [view.x, *view.ys]):  # fmt: skip
        np.testing.assert_allclose(actual, features)
    np.testing.assert_allclose(view.y, features[1])
    np.testing.assert_allclose(view.output.features, np.concatenate(features))
    np.testing.assert_array_equal(view.real.images, sets[0])
    for batch, images in zip(view.fakes, sets[1:], strict=True):
        np.testing.assert_array_equal(batch.images, images)


@pytest.mark.parametrize("needs_real", [True, False])
def test_the_generator_sees_real_images_where_they_count(rng, needs_real):
    critic = smooth.SmoothCritic(rng)
    sets = smooth.images(rng, 3)
    view = criterion.see_apart(
        critic, *smooth.batches(critic, *sets), smooth.draw(), needs_real
    )
    real, *fakes = (critic.features(images) for images in sets)
    np.testing.assert_allclose(view.ys, fakes)
    np.testing.assert_allclose(view.fake_features, fakes)
    assert view.output is None
    if needs_real:
        np.testing.assert_allclose(view.x, real)
        np.testing.assert_allclose(view.real_features, real)
    else:
        assert view.x is None and view.real_features is None
