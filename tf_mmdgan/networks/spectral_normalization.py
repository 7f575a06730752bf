"""Spectral normalization with a gradient through the norm.

    norm = SpectralNorm(form="matrix")
    x = norm.wrap(keras.layers.Dense(16))(x)
    power_iterate(critic)  # moves each layer's vectors: once per update

A wrapped layer always computes with s W / sigma(W) in place of its kernel W,
and W itself stays what the optimizer made of it. Keras' own wrapper overwrites
W, sends no gradient through sigma, and moves its vector on every call in
training.
"""

import dataclasses
import functools
import math
from typing import Any

import keras
import tensorflow as tf

from tf_mmdgan import errors, switches
from tf_mmdgan.networks.layers import ShownArguments
from tf_mmdgan.networks.matrices import (
    SUPPORTED,
    kernel_matrix,
    kernel_variable,
)
from tf_mmdgan.networks.subspaces import (
    largest_singular_value,
    orthonormal,
    power_steps,
)

FORMS = ("matrix", "operator")
_CONVOLUTIONS = (keras.layers.Conv2D, keras.layers.Conv2DTranspose)
# Steps when a layer is built, and how many vectors take them at least: from a
# random start, they find .999 of the norm of a Gaussian 512 x 4608 matrix.
_WARM_START = 8
_START_VECTORS = 8
_SEED = (2018, 5957)


@dataclasses.dataclass(frozen=True)
class SpectralNorm:
    """How layers are spectrally normalized: a value that wraps layers.

        >>> tm.SpectralNorm(vectors=1)
        SpectralNorm(form='matrix', learnable_scale=False, scale=1.0, vectors=1)

    Attributes:
      form: the norm sigma(W) to divide by, see `SpectralNormalization`.
      learnable_scale: whether the scale s is trained.
      scale: initial or fixed s, > 0.
      vectors: how many vectors follow the first singular ones.
    """

    form: str = "matrix"
    learnable_scale: bool = False
    scale: float = 1.0
    vectors: int = 8

    def __post_init__(self):
        switches.settle(self)
        _check(self.form, self.scale, self.vectors)

    def wrap(self, layer: keras.layers.Layer) -> keras.layers.Layer:
        """The layer, normalized, under its own name."""
        settings = dataclasses.asdict(self)
        return SpectralNormalization(layer, **settings, name=layer.name)


@keras.saving.register_keras_serializable("tf_mmdgan")
class SpectralNormalization(keras.layers.Wrapper):
    """A layer whose kernel W is replaced by s W / sigma(W).

    sigma(W) = <u, W v>, where u and v are unit vectors that power steps turn
    towards the first singular vectors: v <- W^T u / ||W^T u||,
    u <- W v / ||W v||. The gradient takes u and v as constants; at their limit
    it is

      dL/dW = s / sigma (G - <G, W / sigma> u v^T),  G = dL/d(s W / sigma).

    T. Miyato, T. Kataoka, M. Koyama and Y. Yoshida, "Spectral Normalization
    for Generative Adversarial Networks", ICLR 2018, arXiv:1802.05957, sections
    2.1 to 2.3. There and in the form "matrix", a convolution's W is the matrix
    of its outputs by all its other axes. In the form "operator" it is the
    linear map of whole images, so that sigma is the layer's Lipschitz constant:
    W. Wang, Y. Sun and S. Halgamuge, "Improving MMD-GAN Training with
    Repulsive Loss Function", ICLR 2019, arXiv:1812.09916. The scale s, a
    constant per layer there, is trained by M. Arbel, D. J. Sutherland,
    M. Binkowski and A. Gretton, "On gradient regularizers for MMD GANs",
    NeurIPS 2018, arXiv:1805.11565.

    The first singular values of a critic in training lie so close that a single
    vector lags percents behind the kernel. So u is the first of k orthonormal
    columns U, which `subspaces.power_steps` turns towards the first k singular
    vectors; with k = 1 that is the power step above.

    U (the weight `u`, [k, ...]) and v ([1, ...]) are saved with the layer. Only
    `power_iteration` moves them. Building the layer takes them near their
    limit; call `power_iteration` once per update, and some 10 times (100, with
    k = 1) after `set_weights` of another kernel. sigma is float32 at least, in
    any policy.
    A kernel of zeros has no direction, and stays as it is: sigma counts as 1.

        >>> layer = tm.SpectralNormalization(keras.layers.Dense(3))
        >>> layer(tf.ones([2, 4])).shape
        TensorShape([2, 3])

    Args:
      layer: Dense, Conv2D, Conv2DTranspose or Embedding.
      form: "matrix" or "operator". A convolution in the form "operator" takes
        images of the one size that it was built with.
      learnable_scale: whether s is trained.
      scale: initial or fixed s, > 0.
      vectors: k, >= 1; fewer where W has fewer rows or columns.
      **kwargs: of `keras.layers.Layer`.

    Raises:
      UsageError: for another form, a scale <= 0, vectors < 1, or, on building,
        images of unknown size in the form "operator".
      ValueError: for another kind of layer, or a convolution in groups.
    """

    __signature__ = ShownArguments()

    def __init__(
        self,
        layer: keras.layers.Layer,
        form: str = "matrix",
        learnable_scale: bool = False,
        scale: float = 1.0,
        vectors: int = 8,
        **kwargs: Any,
    ):
        _check(form, scale, vectors)
        switches.check(learnable_scale=learnable_scale)
        _check_layer(layer)
        # This wrapper reads the kernel in full precision, and the layer inside
        # casts it to half: only a policy without a cast of its own does that.
        double = layer.variable_dtype == "float64"
        kwargs["dtype"] = "float64" if double else "float32"
        super().__init__(layer, autocast=False, **kwargs)
        self.form = form
        self.learnable_scale = learnable_scale
        self.initial_scale = scale
        self.vectors = vectors
        self._convolves = form == "operator" and isinstance(
            layer, _CONVOLUTIONS
        )

    def build(self, input_shape: Any = None) -> None:
        """Makes the layer's weights, then U, v and the scale."""
        super().build(input_shape)
        if self._convolves:
            shape_v = self._one_image(input_shape)
            shape_u = self.layer.compute_output_shape(shape_v)
            self.input_spec = keras.layers.InputSpec(shape=(None, *shape_v[1:]))
        else:
            rows, columns = kernel_matrix(self.layer, self._kernel()).shape
            shape_v, shape_u = (1, rows), (1, columns)
        self._shape_u, self._shape_v = shape_u, shape_v
        self._rank = min(math.prod(shape_u), math.prod(shape_v))
        block = (min(self.vectors, self._rank), *shape_u[1:])
        # Replicas compute the same vectors up to rounding. All take the first
        # replica's, so that they stay equal bit for bit.
        vector = {
            "trainable": False,
            "aggregation": "only_first_replica",
            "autocast": False,
        }
        # Initializers find the vectors, not assignments: wherever Keras puts
        # off the kernel's initial value, it puts off theirs as well.
        self.u = self.add_weight(
            name="u", shape=block, initializer=self._first_u, **vector
        )
        self.v = self.add_weight(
            name="v", shape=shape_v, initializer=self._first_v, **vector
        )
        self.scale = self.add_weight(
            name="scale",
            shape=(),
            initializer=keras.initializers.Constant(self.initial_scale),
            trainable=self.learnable_scale,
            autocast=False,
        )

    def _one_image(self, input_shape: Any) -> tuple[int, ...]:
        if None in input_shape[1:]:
            raise errors.UsageError(
                f"'{self.name}' is built for images {tuple(input_shape)}; the "
                "norm of a convolution operator needs their size: fix it, or "
                "take the form 'matrix'."
            )
        return (1, *input_shape[1:])

    def _first_u(self, shape: Any, dtype: Any = None) -> tf.Tensor:
        count = min(max(self.vectors, _START_VECTORS), self._rank)
        start = tf.random.stateless_normal(
            (count, *shape[1:]), _SEED, dtype=self.dtype
        )
        u, v = orthonormal(start, start), tf.zeros(self._shape_v, self.dtype)
        return self._power_steps(u, v, _WARM_START)[0][: shape[0]]

    def _first_v(self, shape: Any, dtype: Any = None) -> tf.Tensor:
        v = self._apply(self._kernel(), self.u.value[:1], adjoint=True)
        return orthonormal(v, tf.zeros_like(v))

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """The layer's outputs, computed with the normalized kernel."""
        kernel = kernel_variable(self.layer)
        normalized = tf.cast(self.normalized_kernel(), kernel.dtype)
        # Within the scope, the layer reads the tensor in place of its variable.
        with keras.StatelessScope([(kernel, normalized)]):
            return self.layer(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The layer's."""
        return self.layer.compute_output_shape(input_shape)

    def compute_output_spec(self, inputs: keras.KerasTensor) -> Any:
        """The layer's; its data type need not be that of u and v."""
        return self.layer.compute_output_spec(inputs)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {
            **super().get_config(),
            "form": self.form,
            "learnable_scale": self.learnable_scale,
            "scale": self.initial_scale,
            "vectors": self.vectors,
        }

    def power_iteration(self, iterations: int = 1) -> None:
        """Moves U and v by steps with the present kernel."""
        u, v = self._power_steps(self.u.value, self.v.value, iterations)
        self.u.assign(u)
        self.v.assign(v)

    def sigma(self) -> tf.Tensor:
        """The norm <u, W v>, a scalar, float32 or float64."""
        return self._sigma(self._kernel())

    def normalized_kernel(self) -> tf.Tensor:
        """The kernel s W / sigma(W), of the shape of W, float32 or float64."""
        kernel = self._kernel()
        sigma = self._sigma(kernel)
        return self.scale.value / tf.where(sigma == 0.0, 1.0, sigma) * kernel

    def _kernel(self) -> tf.Tensor:
        return tf.cast(kernel_variable(self.layer).value, self.dtype)

    def _sigma(self, kernel: tf.Tensor) -> tf.Tensor:
        u, v = (tf.stop_gradient(x.value) for x in (self.u, self.v))
        apply = functools.partial(self._apply, kernel)
        return largest_singular_value(apply, u, v)

    def _power_steps(
        self, u: tf.Tensor, v: tf.Tensor, iterations: int
    ) -> tuple[tf.Tensor, tf.Tensor]:
        apply = functools.partial(self._apply, tf.stop_gradient(self._kernel()))
        return power_steps(apply, u, v, self._rank, iterations)

    def _apply(
        self, kernel: tf.Tensor, x: tf.Tensor, adjoint: bool = False
    ) -> tf.Tensor:
        """W x, or W^T x: a matrix times rows, or a convolution of images."""
        layer = self.layer
        if not self._convolves:
            matrix = kernel_matrix(layer, kernel)
            # x times the matrix takes several times as long on the CPU.
            columns = tf.matmul(
                matrix, x, transpose_a=not adjoint, transpose_b=True
            )
            return tf.transpose(columns)
        channels_last = layer.data_format == "channels_last"
        settings = {
            "strides": layer.strides,
            "padding": layer.padding.upper(),
            "dilations": layer.dilation_rate,
            "data_format": "NHWC" if channels_last else "NCHW",
        }
        # The adjoint of a convolution is the transposed convolution with the
        # same kernel, and the adjoint of that is the convolution.
        if isinstance(layer, keras.layers.Conv2D) != adjoint:
            return tf.nn.convolution(x, kernel, **settings)
        shape = self._shape_v if adjoint else self._shape_u
        shape = (x.shape[0], *shape[1:])
        return tf.nn.conv_transpose(x, kernel, shape, **settings)


def spectral_layers(network: keras.Model) -> list[SpectralNormalization]:
    """All normalized layers of a network, of the models inside it too."""
    return [
        layer
        for layer in network._flatten_layers()
        if isinstance(layer, SpectralNormalization)
    ]


def power_iterate(network: keras.Model, iterations: int = 1) -> None:
    """Moves the vectors of all normalized layers of a network by steps."""
    for layer in spectral_layers(network):
        layer.power_iteration(iterations)


def _check(form: str, scale: float, vectors: int) -> None:
    if not isinstance(form, str) or form not in FORMS:
        raise errors.UsageError(
            f"Unknown form '{form}' of spectral normalization; known: "
            f"{', '.join(FORMS)}."
        )
    errors.check_above(0.0, scale=scale)
    errors.check_count(1, vectors=vectors)


def _check_layer(layer: keras.layers.Layer) -> None:
    grouped = getattr(layer, "groups", 1) > 1
    if grouped or not isinstance(layer, SUPPORTED):
        kind = type(layer).__name__ + " in groups" * grouped
        known = ", ".join(kind.__name__ for kind in SUPPORTED)
        raise ValueError(
            f"{getattr(layer, 'name', layer)!r} is a {kind}; spectral "
            f"normalization takes {known}."
        )
