"""The residual block of the ResNets."""

import functools
import math
from collections.abc import Callable

import keras

from tf_mmdgan.networks import blocks, layers
from tf_mmdgan.networks.layers import Normalization

GLOROT = keras.initializers.GlorotUniform
# Uniform, of variance 4 / (fan_in + fan_out): He's, for the mean of both fans.
HE_MEAN = functools.partial(
    keras.initializers.VarianceScaling,
    scale=2.0,
    mode="fan_avg",
    distribution="uniform",
)

# From activations and a name for the layers to resized activations.
_Resize = Callable[[keras.KerasTensor, str], keras.KerasTensor]


def no_norm(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """The normalization of blocks that have none."""
    return x


def layer_norm(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Normalizes over height, width and channels, and scales the channels."""
    # One group of all channels; Keras' LayerNormalization would have a scale
    # for each position.
    return keras.layers.GroupNormalization(groups=1, epsilon=1e-5, name=name)(x)


def relu(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """ReLU, made for gradient penalties as `layers.leaky_relu` is."""
    return layers.LeakyReLU(slope=0.0, name=name)(x)


def up(
    x: keras.KerasTensor,
    depth: int,
    target: tuple[int, int],
    name: str,
    make: blocks.LayerFactory,
    normalize: Normalization,
    *,
    biased: bool = False,
) -> keras.KerasTensor:
    """A block that doubles the size, to [b, *target, depth].

    It repeats each pixel, before the first convolution, and cuts off a last row
    or column too many. `biased`: the first convolution has a bias too.
    """
    resize = functools.partial(doubled, target=target)
    depths = (depth, depth)
    return _block(x, depths, name, make, normalize, (resize, _keep), biased)


def down(
    x: keras.KerasTensor,
    depth: int,
    name: str,
    make: blocks.LayerFactory,
    normalize: Normalization,
    *,
    wide: bool = False,
    activated: bool = True,
) -> keras.KerasTensor:
    """A block that halves the size, rounded up, to [b, ..., depth].

    It takes the mean of each 2 x 2 pixels, after the second convolution, which
    alone changes the number of channels; of a wide block, both do, and the
    first convolution has a bias too. A block that is not `activated` begins
    with its first convolution, as befits images.
    """
    depths = (depth if wide else x.shape[-1], depth)
    begin = relu if activated else no_norm
    return _block(
        x, depths, name, make, normalize, (_keep, halved), wide, begin
    )


def same(
    x: keras.KerasTensor,
    name: str,
    make: blocks.LayerFactory,
    normalize: Normalization,
    *,
    depth: int | None = None,
    biased: bool = False,
) -> keras.KerasTensor:
    """A block that keeps the size, and by default the number of channels.

    Where it keeps both, the input is the shortcut. `biased`: the first
    convolution has a bias too.
    """
    depths = (depth or x.shape[-1],) * 2
    return _block(x, depths, name, make, normalize, (_keep, _keep), biased)


def doubled(
    x: keras.KerasTensor, name: str, target: tuple[int, int]
) -> keras.KerasTensor:
    """Each pixel twice along both sides, to [b, *target, c].

    A last row or column too many is cut off.
    """
    x = keras.layers.UpSampling2D(name=f"{name}_up")(x)
    cut = [
        (0, side - wanted)
        for side, wanted in zip(x.shape[1:3], target, strict=True)
    ]
    if cut == [(0, 0), (0, 0)]:
        return x
    return keras.layers.Cropping2D(cut, name=f"{name}_cut")(x)


def halved(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """The mean of each 2 x 2 pixels; sides are rounded up."""
    # With SAME padding, a mean leaves out what was padded.
    pool = keras.layers.AveragePooling2D(2, padding="same", name=f"{name}_pool")
    return pool(x)


def sum_of_positions(x: keras.KerasTensor) -> keras.KerasTensor:
    """The sum over height and width, float32 under any policy: [b, c]."""
    mean = keras.layers.GlobalAveragePooling2D(dtype="float32", name="mean")
    positions = math.prod(x.shape[1:3])
    total = keras.layers.Rescaling(positions, dtype="float32", name="sum")
    return total(mean(x))


def _keep(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return x


def _block(
    x: keras.KerasTensor,
    depths: tuple[int, int],
    name: str,
    make: blocks.LayerFactory,
    normalize: Normalization,
    resize: tuple[_Resize, _Resize],
    biased: bool,
    begin: Normalization = relu,
) -> keras.KerasTensor:
    """shortcut(x) + conv(relu(norm(conv(begin(norm(x)))))).

    The first function of `resize` acts before the first convolution, which has
    a bias if `biased`, the second after the second convolution; in the shortcut
    both act, in that order.
    """
    before, after = resize
    y = begin(normalize(x, f"{name}_norm1"), f"{name}_relu1")
    y = before(y, name)
    y = make.conv(depths[0], 3, use_bias=biased, name=f"{name}_conv1")(y)
    y = relu(normalize(y, f"{name}_norm2"), f"{name}_relu2")
    y = make.conv(depths[1], 3, name=f"{name}_conv2")(y)
    y = after(y, name)
    shortcut = f"{name}_shortcut"
    resized = after(before(x, shortcut), shortcut)
    if resized is not x or depths[1] != x.shape[-1]:
        weights = make.shortcut_weights()
        resized = make.conv(
            depths[1], 1, kernel_initializer=weights, name=shortcut
        )(resized)
    return keras.layers.Add(name=name)([resized, y])
