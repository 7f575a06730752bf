"""Features of images in groups, each of which is compared by itself.

Deng et al. 2026, "Generative modeling via drifting",
https://arxiv.org/abs/2602.04770, section 4: a map of features is compared place
by place, and by its means and deviations.
"""

from collections.abc import Sequence

import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.features.frozen import FrozenFeatures, Matched
from tf_mmdgan.kernels.roots import floored_root


class FeatureGroups:
    """Groups of frozen features: images -> [b, places, c] for each group.

    A layer whose output is a map [b, h, w, c] gives three groups: the map at
    some places, its mean over all places, and its standard deviation. What has
    no places, such as a code or pixels, is one group of a single place.

    Attributes:
      parts: networks, or functions of images.
      places: how many places of a map are compared; all, if it has no more.
    """

    def __init__(self, parts: Sequence[Matched], places: int = 16):
        errors.check_count(1, places=places)
        self.parts = tuple(parts)
        self.places = places

    def __call__(self, images: tf.Tensor, seed: tf.Tensor) -> list[tf.Tensor]:
        """The groups of images [b, h, w, c] in [-1, 1].

        Args:
          images: the images.
          seed: two integers, which choose the places of maps.
        """
        found: list[tf.Tensor] = []
        for part in self.parts:
            for output in _outputs(part, images):
                key = tf.random.experimental.stateless_fold_in(seed, len(found))
                found += self._groups(output, key)
        return found

    def _groups(self, output: tf.Tensor, seed: tf.Tensor) -> list[tf.Tensor]:
        if output.dtype.size < 4:
            output = tf.cast(output, tf.float32)
        if output.shape.rank != 4:
            width = output.shape[1:].num_elements()
            return [tf.reshape(output, [-1, 1, width])]
        height, breadth, channels = output.shape[1:]
        count = height * breadth
        values = tf.reshape(output, [-1, count, channels])
        mean, variance = tf.nn.moments(values, axes=[1], keepdims=True)
        deviation = floored_root(variance)
        if count > self.places:
            order = tf.random.experimental.stateless_shuffle(
                tf.range(count), seed
            )
            values = tf.gather(values, order[: self.places], axis=1)
        return [values, mean, deviation]

    def count(self, image_shape: Sequence[int]) -> int:
        """How many groups images [h, w, c] have."""
        batch = tf.TensorSpec([1, *image_shape], tf.float32)
        traced = tf.function(self.__call__, autograph=False)
        seed = tf.TensorSpec([2], tf.int64)
        return len(traced.get_concrete_function(batch, seed).structured_outputs)


def _outputs(part: Matched, images: tf.Tensor) -> list[tf.Tensor]:
    if isinstance(part, FrozenFeatures):
        return part.outputs(images)
    return [part(images)]
