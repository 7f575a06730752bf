"""Two batches in one pass come apart again."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan.objectives import Batch, CriticOutput, protocol


@pytest.mark.parametrize("labels", [None, [1, 2]])
def test_split_undoes_concatenate(rng, labels):
    def batch():
        images = tf.constant(rng.normal(size=(2, 3, 3, 1)))
        return Batch(images, labels and tf.constant(labels))

    first, second = batch(), batch()
    both = protocol.concatenate(first, second)
    assert (both.labels is None) == (labels is None)
    output = CriticOutput(both.images + 1, [both.images * 2], both.images)
    for part, original in zip(
        protocol.split(output, 2), (first, second), strict=True
    ):
        np.testing.assert_array_equal(part.features, original.images + 1)
        np.testing.assert_array_equal(part.activations[0], original.images * 2)
        np.testing.assert_array_equal(part.reconstruction, original.images)
