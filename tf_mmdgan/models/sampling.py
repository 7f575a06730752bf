"""Images of a generator, drawn by seed on the devices of this process."""

import functools

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import errors, images
from tf_mmdgan.distribute import Cluster, graphs
from tf_mmdgan.latents import (
    Latents,
    check_label,
    checked_shares,
    draw_labels,
    sampling_seed,
)


class ImageSampler:
    """Draws images of one generator.

    Its function is traced once for all counts, seeds and labels, and once more
    for classes of unequal shares.
    """

    def __init__(
        self,
        generator: keras.Model,
        latents: Latents,
        num_classes: int | None,
        cluster: Cluster,
    ):
        self._generator = generator
        self._latents = latents
        self._num_classes = num_classes
        self._cluster = cluster
        self._draw = graphs.traced(self._draw_rows, autograph=True)

    def draw(
        self,
        count: int,
        seed: int,
        batch_size: int,
        label: int | None = None,
        first: int = 0,
        shares: np.ndarray | None = None,
    ) -> np.ndarray:
        """Images or points: see `ImplicitModel.generate`.

        Raises:
          UsageError: for a label that the generator does not have, shares that
            are none of its classes, no images, or what is no integer of 64
            bits.
        """
        errors.check_count(1, count=count, batch_size=batch_size)
        errors.check_count(0, first=first)
        errors.check_seed(seed=seed)
        check_label(label, self._num_classes)
        law = checked_shares(shares, self._num_classes)
        draw = functools.partial(
            self._draw,
            tf.constant(seed, tf.int64),
            tf.constant(-1 if label is None else label),
            law if law is None else tf.constant(law),
        )
        devices = self._cluster.num_local_replicas
        parts = []
        for start in range(0, count, batch_size * devices):
            rows = min(batch_size * devices, count - start)
            bounds = np.linspace(start, start + rows, devices + 1, dtype=int)
            parts += self._cluster.run_locally(
                draw, (first + bounds[:-1], np.diff(bounds))
            )
        return np.concatenate(parts)

    def _draw_rows(
        self,
        seed: tf.Tensor,
        label: tf.Tensor,
        shares: tf.Tensor | None,
        start: tf.Tensor,
        count: tf.Tensor,
    ) -> tf.Tensor:
        """Images number start .. start + count - 1; a label < 0 is drawn.

        Points [n, d] are as the generator makes them.
        """
        seed = sampling_seed(seed)
        inputs = self._latents.sample(seed, count, start)
        if self._num_classes:
            drawn = draw_labels(seed, count, start, self._num_classes, shares)
            inputs = [inputs, tf.where(label < 0, drawn, label)]
        made = self._generator(inputs, training=False)
        drawn = made if made.shape.rank == 2 else images.to_uint8(made)
        graphs.forget_gradients()
        return drawn
