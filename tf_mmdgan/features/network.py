"""Networks as feature extractors: how 8-bit images enter, what comes out."""

import functools
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan import images as image_borders
from tf_mmdgan.distribute import graphs
from tf_mmdgan.features import resizes
from tf_mmdgan.features.extractors import (
    Extracted,
    FeatureExtractor,
    check_independent,
    noise,
)
from tf_mmdgan.features.image_inputs import check_size, takes_channels


class Range(NamedTuple):
    """What a network was trained on, of either form of images, float32.

    Attributes:
      of_levels: from levels 0 to 255.
      of_symmetric: from images in [-1, 1].
    """

    of_levels: Callable[[tf.Tensor], tf.Tensor]
    of_symmetric: Callable[[tf.Tensor], tf.Tensor]


def _levels(symmetric: tf.Tensor) -> tf.Tensor:
    return 127.5 * (symmetric + 1.0)


# Means and deviations over ImageNet of red, green and blue, in [0, 1].
_MEANS, _DEVIATIONS = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Means over ImageNet of blue, green and red.
_CAFFE_MEANS = (103.939, 116.779, 123.68)


def _standardised(unit: tf.Tensor) -> tf.Tensor:
    return (unit - tf.constant(_MEANS)) / tf.constant(_DEVIATIONS)


RANGES: dict[str, Range] = {
    "levels": Range(lambda levels: levels, _levels),
    "unit": Range(lambda levels: levels / 255.0, lambda x: 0.5 * (x + 1.0)),
    "symmetric": Range(lambda levels: levels / 127.5 - 1.0, lambda x: x),
    # The 2015 Inception: -1 to .992.
    "inception": Range(
        lambda levels: (levels - 128.0) / 128.0,
        lambda x: (_levels(x) - 128.0) / 128.0,
    ),
    # That of EfficientNet-Lite: -.992 to 1.
    "efficientnet": Range(
        lambda levels: (levels - 127.0) / 128.0,
        lambda x: (_levels(x) - 127.0) / 128.0,
    ),
    # That of most networks which were trained in PyTorch.
    "imagenet": Range(
        lambda levels: _standardised(levels / 255.0),
        lambda x: _standardised(0.5 * (x + 1.0)),
    ),
    # The published preprocessing of VGG19 and ResNet50.
    "caffe": Range(
        lambda levels: levels[..., ::-1] - tf.constant(_CAFFE_MEANS),
        lambda x: _levels(x[..., ::-1]) - tf.constant(_CAFFE_MEANS),
    ),
}


# Scaled images [n, h, w, c] -> features [n, ...] and logits [n, k] or None.
Forward = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor | None]]


class Network(FeatureExtractor):
    """A network that gives features, and maybe classes, of 8-bit images.

    Images are resized in float32, then scaled; never rounded again. Grey images
    are repeated for a network of three channels.

    Attributes:
      name: as users choose it.
      identifier: says all that the features depend on.
      classifies: whether there are class probabilities.
      slow: whether what it finds is worth keeping in a file.
      size: height and width that the network takes; None for any.
    """

    def __init__(
        self,
        name: str,
        digest: str,
        run: Forward,
        image_shape: tuple[int | None, int | None, int],
        *,
        dtype: tf.DType = tf.float32,
        resize: str = "antialias",
        value_range: str | None = None,
        classifies: bool = False,
        slow: bool = True,
        variant: str = "",
        keeps: object = None,
    ):
        """Takes the network apart from its borders.

        Args:
          name: as users choose it.
          digest: SHA-256 of the weights.
          run: the network itself, in inference mode.
          image_shape: [h, w, c] that it takes; None for any height and width.
          dtype: of the pixels that it takes.
          resize: in `resizes.RESIZES`.
          value_range: in `RANGES`, what the network was trained on; by default
            "levels" for integers, else "symmetric".
          classifies: whether `run` gives logits.
          slow: whether it takes longer than reading a file.
          variant: what else the features and the classes depend on, such as
            names of outputs, for the identifier.
          keeps: what must live as long as the network does.

        Raises:
          UsageError: for an unknown resize or range, or another range than
            "levels" for integers.
          DataError: for images of a size that takes gigabytes.
        """
        check_size(name, image_shape)
        value_range = value_range or usual_range(dtype)
        if dtype.is_integer and value_range != "levels":
            raise errors.UsageError(
                f"range={value_range}: {name} takes pixels of type "
                f"{dtype.name}, which are levels; leave range out."
            )
        self.name = name
        self.classifies = classifies
        self.slow = slow
        self._network = run
        height, width, self._channels = image_shape
        if height is not None and width is not None:
            self.size = height, width
        self._filter = resize
        self._dtype = dtype
        self._resize = resizes.of_range(resize, 0.0, 255.0)
        self._scale = errors.pick(RANGES, value_range, "range").of_levels
        self._keeps = keeps
        self.identifier = (
            f"{name}-{digest[:12]}{variant}-{resize}-{value_range}"
        )

    def check(self, image_shape: tuple[int, ...]) -> None:
        """Checks that the network takes images of shape [h, w, c].

        It is tried on three images of noise.

        Raises:
          UsageError: for another number of channels than the network takes, or
            an output that it does not have.
          DataError: for a network that takes no such images, or whose features
            of an image depend on the images beside it.
        """
        self._check_channels(image_shape)
        shape = (*image_shape[:2], self._channels)
        spec = tf.TensorSpec([None, *shape], tf.uint8)
        images = noise(shape)
        try:
            self._run.get_concrete_function(spec)  # type: ignore[attr-defined]
            beside, alone = (
                self._run(tf.constant(x)) for x in (images, images[:1])
            )
        except (errors.UsageError, errors.DataError):
            raise
        except Exception as error:  # Networks raise many kinds.
            raise errors.DataError(
                f"The extractor {self.name} takes no images of shape "
                f"{shape}: {errors.excerpt(_reason(error))}"
            ) from error
        check_independent(self.name, beside[0].numpy()[:1], alone[0].numpy())
        if self.classifies and alone[1].shape[-1] < 2:
            raise errors.UsageError(
                f"The logits of {self.name} are of one class: leave logits "
                "out, or name a layer of two classes or more."
            )

    def _check_numbers(self, *outputs: tf.Tensor | None) -> None:
        """Refuses what a cast would cut, or what has no row for each image.

        Raises:
          DataError: for texts, complex numbers and single values.
        """
        for output in outputs:
            if output is None:
                continue
            kind = output.dtype
            real = kind.is_floating or kind.is_integer or kind.is_bool
            if not real or output.shape.rank == 0:
                what = "a single value" if real else f"values of {kind.name}"
                raise errors.DataError(
                    f"The extractor {self.name} gives {what}: name an output "
                    "of real numbers, with one row for each image."
                )

    def told(self, image_shape: tuple[int, ...]) -> str:
        """See `FeatureExtractor.told`."""
        if self.size in (None, image_shape[:2]):
            what = super().told(image_shape)
        else:
            height, width = self.size
            what = f"resized whole to {height} x {width} by {self._filter}"
        if image_shape[-1] == self._channels:
            return what
        if image_shape[-1] == 4:
            return f"{what}; transparency is laid over white"
        return f"{what}; grey is repeated for {self._channels} channels"

    def _check_channels(self, image_shape: tuple[int, ...]) -> None:
        given = image_shape[-1]
        laid_over_white = given == 4 and self._channels == 3
        if not laid_over_white and not takes_channels(given, self._channels):
            raise errors.UsageError(
                f"The extractor {self.name} takes images of {self._channels} "
                f"channel(s), these have {given}: choose another extractor, or "
                "train one with tf-mmdgan train_lenet."
            )

    def __call__(self, images: np.ndarray) -> Extracted:
        """Features and probabilities of uint8 images [n, h, w, c].

        Raises:
          UsageError: for another number of channels than the network takes.
        """
        self._check_channels(images.shape[1:])
        if images.shape[-1] == 4 != self._channels:
            images = image_borders.opaque(images)
        if images.shape[-1] != self._channels:
            images = images.repeat(self._channels, axis=-1)
        features, probabilities, ready = self._run(tf.constant(images))
        if self.classifies and ready:
            errors.warn(
                f"The logits of {self.name} are probabilities already: they "
                "are taken as they are; name the layer before the softmax.",
                stacklevel=2,
            )
        return Extracted(
            features.numpy(),
            probabilities.numpy() if self.classifies else None,
        )

    @functools.cached_property
    def _run(self) -> Callable[[tf.Tensor], tuple[tf.Tensor, ...]]:
        size = self.size

        # Not converted: errors in it stay what they are.
        @graphs.traced
        def run(images: tf.Tensor) -> tuple[tf.Tensor, ...]:
            levels = tf.cast(images, tf.float32)
            if size is not None and tuple(images.shape[1:3]) != size:
                levels = self._resize(levels, size)
            pixels = _cast(self._scale(levels), self._dtype)
            features, logits = self._network(pixels)
            self._check_numbers(features, logits)
            count = tf.shape(images)[0]
            flat = tf.cast(tf.reshape(features, [count, -1]), tf.float32)
            if not self.classifies:
                return flat, tf.zeros([0]), tf.constant(False)
            logits = tf.reshape(logits, [count, tf.shape(logits)[-1]])
            return flat, *_probabilities(tf.cast(logits, tf.float32))

        return run


def _reason(error: Exception) -> str:
    """What an error says; of one in a graph, what Python has raised there."""
    text = str(error)
    raised = re.search(r"^.*\b\w+Error: (.+)$", text, re.MULTILINE)
    in_graph = isinstance(error, tf.errors.OpError) and raised
    return raised[1] if in_graph and raised else errors.of_graph(text)


def variant_of(**settings: Any) -> str:
    """A part of an identifier, from the settings that are given."""
    given = (f"-{k}={v}" for k, v in settings.items() if v is not None)
    return "".join(given)


def usual_range(dtype: tf.DType) -> str:
    """Name of the range of a network that takes pixels of a type."""
    return "levels" if dtype.is_integer else "symmetric"


def _cast(pixels: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    """Pixels in a network's own type; integers are the nearest ones."""
    if dtype.is_integer:
        return tf.saturate_cast(tf.round(pixels), dtype)
    return tf.cast(pixels, dtype)


def _probabilities(logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Softmax of logits [n, k], or themselves where they are probabilities.

    Returns:
      The probabilities, and whether there was nothing to do.
    """
    sums = tf.reduce_sum(logits, axis=-1)
    ready = tf.reduce_all(tf.abs(sums - 1.0) < 1e-3)
    ready = tf.logical_and(ready, tf.reduce_all(logits >= 0.0))
    return tf.where(ready, logits, tf.nn.softmax(logits)), ready
