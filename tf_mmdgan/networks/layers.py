"""Layers that several architectures share."""

import inspect
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

# Of a row of half precision too.
_LEAST_SQUARE = 1e-6


class ShownArguments:
    """As `__signature__` of a layer or model: what its constructor takes.

    Notebooks and `help` ask `inspect.signature`, which Keras' `__new__` tells
    nothing. Instances have no `__signature__`: `tf.function` would take it for
    that of their call.
    """

    def __get__(
        self, instance: object | None, owner: type
    ) -> inspect.Signature:
        if instance is not None:
            raise AttributeError("__signature__")
        made_by = inspect.signature(getattr(owner, "__init__"))  # noqa: B009
        _, *taken = made_by.parameters.values()
        return inspect.Signature(taken)


@keras.saving.register_keras_serializable("tf_mmdgan")
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras' layer; it may use the batch's statistics in evaluation too.

    Where the layer is synchronized, replicas exchange its statistics in one
    message; Keras' own layer takes three, one after the other.

    Args:
      batch_statistics: whether to normalize by the mean and variance of the
        batch at hand in evaluation too. Their moving averages follow training
        as ever, and are not used.
      **kwargs: of `keras.layers.BatchNormalization`.
    """

    def __init__(self, *, batch_statistics: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        self.batch_statistics = batch_statistics

    def call(
        self, inputs: tf.Tensor, training: bool | None = None
    ) -> tf.Tensor:
        """The normalized activations, of the shape of `inputs`."""
        moves = training and self.trainable
        if moves or not self.batch_statistics:
            return super().call(inputs, training=training)
        # Not `training=True`: evaluation must not move the averages.
        dtype = keras.backend.result_type(inputs.dtype, "float32")
        x = tf.cast(inputs, dtype)
        mean, variance = self._moments(x, None)
        x = keras.ops.batch_normalization(
            x,
            mean,
            variance,
            axis=self.axis,
            offset=self.beta,
            scale=self.gamma,
            epsilon=self.epsilon,
        )
        return tf.cast(x, self.compute_dtype)

    def _moments(
        self, inputs: tf.Tensor, mask: tf.Tensor | None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Keras' hook: mean and variance of the global batch.

        Those of the replicas are merged as by Chan, Golub and LeVeque 1983.
        """
        context = tf.distribute.get_replica_context()
        if not self.synchronized or context is None or mask is not None:
            return super()._moments(inputs, mask)
        replicas, width = context.num_replicas_in_sync, inputs.shape[self.axis]
        mean, variance = tf.nn.moments(inputs, self._reduction_axes)
        count = tf.cast(tf.size(inputs) // width, inputs.dtype)
        # One row for each replica: sums of squares would cancel.
        own = tf.range(replicas) == context.replica_id_in_sync_group
        row = tf.concat([mean, variance, count[None]], axis=0)
        rows = context.all_reduce(
            tf.distribute.ReduceOp.SUM,
            tf.where(own[:, None], row, tf.zeros_like(row)),
        )
        means, variances, counts = tf.split(rows, [width, width, 1], axis=1)
        shares = counts / tf.reduce_sum(counts)
        mean = tf.reduce_sum(shares * means, axis=0)
        spread = variances + tf.square(means - mean)
        return mean, tf.reduce_sum(shares * spread, axis=0)

    def get_config(self) -> dict[str, Any]:
        """See `keras.layers.Layer`."""
        return super().get_config() | {
            "batch_statistics": self.batch_statistics
        }


@keras.saving.register_keras_serializable("tf_mmdgan")
class ConditionalBatchNormalization(BatchNormalization):
    """Batch normalization with a scale and an offset for each class.

    scale[y] (x - mean) / sqrt(variance + epsilon) + offset[y]: the statistics
    are of all classes together. Scales start at 1, offsets at 0. As in the
    generators of T. Miyato and M. Koyama, "cGANs with Projection
    Discriminator", ICLR 2018, arXiv:1802.05637, after V. Dumoulin, J. Shlens
    and M. Kudlur, arXiv:1610.07629.

    Args:
      num_classes: the number of classes, >= 1.
      **kwargs: of `BatchNormalization`, but for `center` and `scale`.
    """

    def __init__(self, num_classes: int, **kwargs: Any):
        super().__init__(center=False, scale=False, **kwargs)
        self.num_classes = num_classes

    def build(self, inputs_shape: Any, one_hot_shape: Any = None) -> None:
        """Makes the moving averages, and a row of weights for each class."""
        super().build(inputs_shape)
        shape = (self.num_classes, inputs_shape[-1])
        self.class_scale = self.add_weight(
            name="class_scale", shape=shape, initializer="ones"
        )
        self.class_offset = self.add_weight(
            name="class_offset", shape=shape, initializer="zeros"
        )

    def call(  # type: ignore[override]  # It takes labels too.
        self,
        inputs: tf.Tensor,
        one_hot: tf.Tensor,
        training: bool | None = None,
    ) -> tf.Tensor:
        """Normalizes `inputs` [b, ..., c] for labels [b, num_classes]."""
        x = super().call(inputs, training=training)
        # A product, where a look-up would have sparse gradients.
        shape = [-1, *[1] * (len(x.shape) - 2), x.shape[-1]]
        scale = tf.reshape(tf.matmul(one_hot, self.class_scale), shape)
        offset = tf.reshape(tf.matmul(one_hot, self.class_offset), shape)
        return x * scale + offset

    def compute_output_shape(
        self, inputs_shape: Any, one_hot_shape: Any = None
    ) -> Any:
        """That of `inputs`."""
        return inputs_shape

    def get_config(self) -> dict[str, Any]:
        """See `keras.layers.Layer`."""
        config = super().get_config() | {"num_classes": self.num_classes}
        del config["center"], config["scale"]
        return config


def batch_norm(
    name: str | None = None,
    *,
    num_classes: int | None = None,
    batch_statistics: bool = False,
    affine: bool = True,
    dtype: str | keras.DTypePolicy | None = None,
) -> BatchNormalization:
    """Batch normalization with the constants of the DCGAN code.

    Momentum .9 and epsilon 1e-5 (A. Radford, L. Metz and S. Chintala,
    arXiv:1511.06434, and its TensorFlow version by T. Kim). Made in the scope
    of a strategy with several replicas, it takes its statistics over the
    global batch, so that the number of replicas does not change the model.

    Args:
      name: of the layer.
      num_classes: makes it a `ConditionalBatchNormalization`.
      batch_statistics: see `BatchNormalization`.
      affine: whether it has a scale and an offset of its own.
      dtype: in which it computes; by default that of the policy.
    """
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    settings = {
        "momentum": 0.9,
        "epsilon": 1e-5,
        "synchronized": replicas > 1,
        "batch_statistics": batch_statistics,
        "name": name,
        "dtype": dtype,
    }
    if num_classes is None:
        return BatchNormalization(center=affine, scale=affine, **settings)
    return ConditionalBatchNormalization(num_classes, **settings)


# From activations and the name of the layer to normalized activations.
Normalization = Callable[[keras.KerasTensor, str], keras.KerasTensor]


@keras.saving.register_keras_serializable("tf_mmdgan")
class OneHot(keras.layers.Layer):
    """Labels [b] as rows [b, num_classes] of zeros with a single one.

    A label outside 0 ... num_classes - 1 is an InvalidArgumentError. XLA leaves
    assertions out; there the row of such a label is zero.

    Args:
      num_classes: the number of classes, >= 1.
      **kwargs: of `keras.layers.Layer`.
    """

    def __init__(self, num_classes: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.num_classes = num_classes

    def call(self, labels: tf.Tensor) -> tf.Tensor:
        """The rows, in the layer's floating-point type."""
        message = f"Labels must be 0 to {self.num_classes - 1}."
        checks = [
            tf.debugging.assert_non_negative(labels, message),
            tf.debugging.assert_less(
                labels, tf.cast(self.num_classes, labels.dtype), message
            ),
        ]
        with tf.control_dependencies([op for op in checks if op is not None]):
            return tf.one_hot(
                labels, self.num_classes, dtype=self.compute_dtype
            )

    def get_config(self) -> dict[str, Any]:
        """See `keras.layers.Layer`."""
        return super().get_config() | {"num_classes": self.num_classes}


@keras.saving.register_keras_serializable("tf_mmdgan")
class DenseEmbedding(keras.layers.Layer):
    """Labels of numbers [b, k] as rows [b, units] of norm 1.

    h / |h| with h = relu(A y + a): rows that stand where labels of classes have
    their one-hot rows, which have norm 1 too, so that what is linear in those
    learns functions of numbers. The embedding of continuous labels of X. Ding,
    Y. Wang, Z. Xu, W. J. Welch and Z. J. Wang, "CcGAN", ICLR 2021,
    arXiv:2011.07466, is such a network too, of more layers.

    Neither spectral normalization nor penalties on kernels are for it: the norm
    of its rows bounds what follows.

    Args:
      units: of a row, >= 1.
      **kwargs: of `keras.layers.Layer`.
    """

    def __init__(self, units: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.units = units

    def build(self, labels_shape: Any) -> None:
        """Makes A, [k, units], and a, whose kinks lie where labels do."""
        self.directions = self.add_weight(
            name="directions",
            shape=(labels_shape[-1], self.units),
            initializer="he_normal",
        )
        self.offsets = self.add_weight(
            name="offsets",
            shape=(self.units,),
            initializer=keras.initializers.RandomNormal(stddev=1.0),
        )
        self.built = True

    def call(self, labels: tf.Tensor) -> tf.Tensor:
        """The rows, in the layer's floating-point type."""
        h = tf.nn.relu(tf.matmul(labels, self.directions) + self.offsets)
        # Where all of h is 0 the row is too, and its gradient finite.
        return tf.math.l2_normalize(h, axis=-1, epsilon=_LEAST_SQUARE)

    def get_config(self) -> dict[str, Any]:
        """See `keras.layers.Layer`."""
        return super().get_config() | {"units": self.units}


def leaky_relu(x: tf.Tensor, slope: float = 0.2) -> tf.Tensor:
    """max(x, slope x), made for gradient penalties.

    Its slope is constant on either side of zero, so that there is no second
    derivative to compute. `tf.nn.leaky_relu` computes one, a tensor of zeros,
    which a penalty then carries back through the whole critic: on a DCGAN
    critic at 32 pixels, WGAN-GP's gradients took 1.2 (width 16) to 1.3 times as
    long.

    Args:
      x: floats of any shape.
      slope: of the negative side; 0 makes it a ReLU.
    """

    @tf.custom_gradient
    def function(x):
        def gradient(upstream):
            return tf.raw_ops.LeakyReluGrad(
                gradients=upstream, features=tf.stop_gradient(x), alpha=slope
            )

        return tf.nn.leaky_relu(x, alpha=slope), gradient

    return function(x)


@keras.saving.register_keras_serializable("tf_mmdgan")
class LeakyReLU(keras.layers.Layer):
    """`leaky_relu` as a layer.

    Args:
      slope: of the negative side.
      **kwargs: of `keras.layers.Layer`.
    """

    def __init__(self, slope: float = 0.2, **kwargs: Any):
        super().__init__(**kwargs)
        self.slope = slope

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The activations, of the shape of `inputs`."""
        return leaky_relu(inputs, self.slope)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """That of the inputs, which spares Keras a graph to find out."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """See `keras.layers.Layer`."""
        return super().get_config() | {"slope": self.slope}
