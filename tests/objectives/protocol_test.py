"""Two batches as one."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan.objectives import Batch, protocol


@pytest.mark.parametrize("labels", [None, [1, 2]])
def test_concatenate_keeps_images_and_labels_together(rng, labels):
    images = rng.normal(size=(4, 3, 3, 1))
    first = Batch(tf.constant(images[:1]), labels and tf.constant(labels[:1]))
    second = Batch(tf.constant(images[1:]), labels and tf.constant(labels[1:]))
    both = protocol.concatenate(first, second)
    np.testing.assert_array_equal(both.images, images)
    if labels is None:
        assert both.labels is None
    else:
        np.testing.assert_array_equal(both.labels, labels)
