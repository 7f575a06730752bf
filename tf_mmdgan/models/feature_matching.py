"""Training on means and variances of frozen features, with moving averages.

dos Santos, Mroueh, Padhi and Dognin 2019, "Learning implicit generative models
by matching perceptual features", https://arxiv.org/abs/1904.02762.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tf_mmdgan import errors, images
from tf_mmdgan.features.frozen import Matched
from tf_mmdgan.latents import Latents
from tf_mmdgan.mmd import estimators
from tf_mmdgan.models import adopting, feeding, image_batches, updates
from tf_mmdgan.models.generator_model import GeneratorModel
from tf_mmdgan.models.phases import Logs

_BATCH = 256


class MeanAndVariance(NamedTuple):
    """Mean and variance of each feature, [d]."""

    mean: Any
    variance: Any


class FeatureMatchingModel(GeneratorModel):
    """A generator of images whose features have the data's first two moments.

    loss = <v, mean - mean_G> + <u, variance - variance_G>

    with the moments of the whole data set, the moments G of a generated batch,
    and v and u averages of these differences over batches. Its gradient is that
    of half the squared distance of the moments, without the noise of one batch.

    Before that, in the same update, an optimizer moves v and u along the
    gradient v - (mean - mean_G) of half their squared error. With SGD of rate a
    that is the moving average v <- (1 - a) v + a (mean - mean_G). With Adam it
    is the paper's Adam moving average, whose speed does not depend on a
    feature's scale.

        >>> layers = [keras.Input((2,)), keras.layers.Dense(3)]
        >>> generator = keras.Sequential(layers)
        >>> latents = tm.Latents(2, "normal")
        >>> model = tm.FeatureMatchingModel(generator, latents, tf.square)
        >>> model.compile("adam", "adam")
        >>> points = np.random.default_rng(0).normal(size=(64, 3))
        >>> model.adapt(points.astype(np.float32))  # moments of all data, once
        >>> history = model.fit(points, batch_size=16, verbose=0)
        >>> int(model.step.numpy())
        4

    Attributes:
      matched_features: images [b, h, w, c] in [-1, 1] -> [b, d]; frozen.
      target: moments of the data, from `adapt`; the checkpoint holds them.
      average: v and u; the checkpoint holds them.
    """

    def __init__(
        self,
        generator: keras.Model,
        latents: Latents,
        features: Matched,
        **kwargs: Any,
    ):
        super().__init__(generator, latents, **kwargs)
        adopting.refuse_condition(self, self.condition)
        self.matched_features = features
        row = adopting.features_of_one(features, self.image_form)[0]
        self.target = self._moments("data", row)
        self.average = self._moments("average", row)
        self.adapted = self.add_weight(
            name="adapted", shape=(), initializer="zeros", trainable=False
        )

    def _moments(self, prefix: str, like: tf.Tensor) -> MeanAndVariance:
        names = MeanAndVariance._fields
        rows = (self._row(f"{prefix}_{name}", like) for name in names)
        return MeanAndVariance(*rows)

    def _row(self, name: str, like: tf.Tensor) -> keras.Variable:
        return self.add_weight(
            name=name,
            shape=like.shape,
            dtype=like.dtype.name,
            initializer="zeros",
            trainable=False,
        )

    def compile(  # type: ignore[override]
        self,
        generator_optimizer: keras.optimizers.Optimizer | str,
        average_optimizer: keras.optimizers.Optimizer | str,
        clip_norm: float | None = None,
        **kwargs: Any,
    ) -> None:
        """Sets the generator's optimizer and that of the moving averages."""
        super().compile(generator_optimizer, clip_norm, **kwargs)
        self.average_optimizer = updates.prepare(
            average_optimizer, list(self.average)
        )

    def make_train_function(
        self, force: bool = False
    ) -> Callable[[Iterator[Any]], Logs]:
        """See `SteppedModel.make_train_function`.

        Raises:
          UsageError: before `adapt`, when all moments to match are 0.
        """
        if not self.adapted.numpy():
            raise errors.UsageError(
                "The moments of the data are not known: call "
                "model.adapt(images) before training."
            )
        return super().make_train_function(force)

    def adapt(self, images: np.ndarray) -> None:
        """Takes the moments of the features of all images, in one pass.

        Args:
          images: as of `data_moments`.

        Raises:
          UsageError: for what is no array of them.
          DataError: as `data_moments`, and for images of another shape.
        """
        if self.adapted.numpy():
            return
        images = feeding.as_array(images)
        spec = tf.TensorSpec(images.shape, images.dtype)
        self.image_form.check_images(spec)
        for variable, value in zip(
            self.target,
            data_moments(self.matched_features, images),
            strict=True,
        ):
            variable.assign(value)
        self.adapted.assign(1.0)

    def replica_step(
        self, batches: Sequence[Any], first_update: tf.Tensor
    ) -> Logs:
        """See `ImplicitModel.replica_step`."""
        real = updates.as_batch(batches[0]).images
        latents = self.draw_latents(real, first_update)
        with updates.recording(self.trained_network) as tape:
            fake = self.matched_features(self.generator(latents, training=True))
            moments = global_moments(fake)
            differences = [
                target.value - moment
                for target, moment in zip(self.target, moments, strict=True)
            ]
            with tape.stop_recording():
                self._move_averages(differences)
                averages = [average.value for average in self.average]
            loss = tf.add_n(
                [
                    tf.reduce_sum(tf.stop_gradient(average) * difference)
                    for average, difference in zip(
                        averages, differences, strict=True
                    )
                ]
            )
        updates.apply(
            self.generator_optimizer, tape, loss, self.trained_variables
        )
        squares = [tf.reduce_sum(tf.square(d)) for d in differences]
        return {
            "generator/loss": loss,
            "generator/mean_distance": squares[0],
            "generator/variance_distance": squares[1],
        }

    def _move_averages(self, differences: Sequence[tf.Tensor]) -> None:
        context = tf.distribute.get_replica_context()
        replicas = context.num_replicas_in_sync
        # All replicas have the same gradient, and the optimizer sums them.
        gradients = [
            (average.value - difference) / replicas
            for average, difference in zip(
                self.average, differences, strict=True
            )
        ]
        self.average_optimizer.apply(gradients, list(self.average))


def global_moments(features: tf.Tensor) -> MeanAndVariance:
    """Mean and variance (with n - 1) of the rows [b, d] of all replicas.

    Replicas exchange sums, not rows, because there may be a million features.
    As with `Update.gather`, the gradient is summed over the losses of all
    replicas, so that a loss must be divided by their number, once.

    Raises:
      ValueError: for a single row in all; see `mmd.estimators.size`.
    """
    context = tf.distribute.get_replica_context()
    replicas = context.num_replicas_in_sync
    rows = estimators.size(features, 2 if replicas == 1 else 1) * replicas
    count = tf.cast(rows, features.dtype)
    mean = _global_sum(features) / count
    variance = _global_sum(tf.square(features - mean)) / (count - 1.0)
    return MeanAndVariance(mean, variance)


def _global_sum(rows: tf.Tensor) -> tf.Tensor:
    context = tf.distribute.get_replica_context()
    total = tf.reduce_sum(rows, axis=0)
    if context.num_replicas_in_sync == 1:
        return total
    return context.all_reduce(tf.distribute.ReduceOp.SUM, total)


def data_moments(
    features: Matched, data: np.ndarray, batch_size: int = _BATCH
) -> MeanAndVariance:
    """Mean and variance (with n - 1) of the features of all data, in float64.

    It takes one pass and two rows of memory: the means and sums of squares of
    batches are merged as by Chan, Golub and LeVeque 1983.

    Args:
      features: images in [-1, 1], or points -> features [b, d].
      data: images [n, h, w, c], uint8 or floats in [-1, 1], or points [n, d];
        n >= 2.
      batch_size: images at a time.

    Raises:
      DataError: for fewer than two of them, which have no variance, and for
        floats in another range.
    """
    if len(data) < 2:
        raise errors.DataError(
            f"{len(data)} training image(s) have no variance to match: need at "
            "least 2."
        )
    count, mean, squares = 0, 0.0, 0.0
    for start in range(0, len(data), batch_size):
        part = data[start : start + batch_size]
        batch = tf.constant(part)
        if part.ndim == 4 and part.dtype == np.uint8:
            batch = images.from_uint8(batch)
        else:
            image_batches.check_values(part)
        rows = features(batch).numpy().astype(np.float64)
        here = rows.mean(axis=0)
        shift, total = here - mean, count + len(rows)
        squares = squares + np.square(rows - here).sum(axis=0)
        squares = squares + np.square(shift) * count * len(rows) / total
        mean = mean + shift * len(rows) / total
        count = total
    return MeanAndVariance(mean, squares / (count - 1))
