"""Stand-ins for the Inception of 2015, of the same formats."""

import numpy as np
import tensorflow as tf

from tf_mmdgan.features import extract, resizes


def means(levels):
    """Mean colour, after TensorFlow 1's resize and the scale of 2015."""
    resized = resizes.RESIZES["tf1"](levels.astype(np.float32), (299, 299))
    return tf.reduce_mean(resized, axis=(1, 2)).numpy() / 128.0 - 1.0


def softmax(logits):
    return tf.nn.softmax(logits).numpy()


def frozen_graph(**names):
    """A graph whose pool_3 is the mean colour, and logits twice that."""
    names = {"images": "Mul", "features": "pool_3", "logits": "logits"} | names
    with tf.Graph().as_default() as graph:
        scaled = tf.compat.v1.placeholder(
            tf.float32, [None, 299, 299, 3], name=names["images"]
        )
        pooled = tf.reduce_mean(
            scaled, axis=(1, 2), keepdims=True, name=names["features"]
        )
        tf.multiply(tf.squeeze(pooled, (1, 2)), 2.0, name=names["logits"])
    return graph.as_graph_def().SerializeToString()


def check_inception(extractor, images):
    got = extract(extractor, images, batch_size=2)
    np.testing.assert_allclose(got.features, means(images), atol=1e-4)
    np.testing.assert_allclose(
        got.probabilities, softmax(2.0 * means(images)), atol=1e-4
    )
    assert extractor.name == "inception"
    assert extractor.identifier.endswith("-tf1-inception")


class Hub(tf.Module):
    """As TF-GAN's module on TensorFlow Hub: called with scaled images."""

    def __init__(self):
        super().__init__()
        self.factor = tf.Variable(2.0)

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3])])
    def __call__(self, scaled):
        pooled = tf.reduce_mean(scaled, axis=(1, 2))
        return {"pool_3": pooled, "logits": self.factor * pooled}
