"""Images of a generator, drawn by seed on the devices of this process."""

import functools

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import errors, images
from tf_mmdgan.conditions import Condition
from tf_mmdgan.distribute import Cluster, graphs
from tf_mmdgan.latents import Latents, sampling_seed


class ImageSampler:
    """Draws images of one generator.

    Its function is traced once for all counts and seeds, and once more for
    classes of unequal shares, of which a given label is a case.
    """

    def __init__(
        self,
        generator: keras.Model,
        latents: Latents,
        condition: Condition | None,
        cluster: Cluster,
    ):
        self._generator = generator
        self._latents = latents
        self._condition = condition
        self._cluster = cluster
        self._draw = graphs.traced(self._draw_rows, autograph=True)

    def draw(
        self,
        count: int,
        seed: int,
        batch_size: int,
        condition: Condition | None = None,
        first: int = 0,
    ) -> np.ndarray:
        """Images or points: see `ImplicitModel.generate`.

        Args:
          count: how many.
          seed: any integer of 64 bits.
          batch_size: images at a time, on each device.
          condition: whose law labels are drawn by; None of no labels.
          first: number of the first image in the seed's sequence.

        Raises:
          UsageError: for no images, what is no integer of 64 bits, and for
            labels that the generator does not take.
        """
        errors.check_count(1, count=count, batch_size=batch_size)
        errors.check_count(0, first=first)
        errors.check_seed(seed=seed)
        own, law = self._condition, None
        if condition is not None:
            if not condition.has_labels_of(own):
                raise errors.UsageError(
                    f"condition: the generator has {own or 'no labels'}, not "
                    f"{condition}."
                )
            law = condition.law
        draw = functools.partial(
            self._draw,
            tf.constant(seed, tf.int64),
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
        law: tf.Tensor | None,
        start: tf.Tensor,
        count: tf.Tensor,
    ) -> tf.Tensor:
        """Images number start .. start + count - 1.

        Points [n, d] are as the generator makes them.
        """
        seed = sampling_seed(seed)
        inputs = self._latents.sample(seed, count, start)
        if self._condition is not None:
            labels = self._condition.draw_by(law, seed, count, start)
            inputs = [inputs, labels]
        made = self._generator(inputs, training=False)
        drawn = made if made.shape.rank == 2 else images.to_uint8(made)
        graphs.forget_gradients()
        return drawn
