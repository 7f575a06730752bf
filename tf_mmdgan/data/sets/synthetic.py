"""Drawn images of any size, channels and classes, for trying a recipe."""

import numpy as np

from tf_mmdgan import errors
from tf_mmdgan.config import ReadConfig
from tf_mmdgan.config.sizes import Size, sides
from tf_mmdgan.data import image_set, resize

_NUM_IMAGES = {"train": 1024, "test": 256}
_STREAMS = {"train": 0, "test": 1}
_EDGE = 0.04  # width of a shape's soft border, of an image of width 2


def load(
    split: str,
    image_size: Size,
    reading: ReadConfig,
    channels: int = 3,
    num_classes: int = 10,
    seed: int = 0,
) -> image_set.ImageSet:
    """Smooth shapes whose colour and number of lobes tell their class.

    The outline is r(angle) = radius (1 + 0.3 cos(lobes angle + phase)), with
    lobes = 2 + class mod 5, on a background that fades from side to side.
    Position, radius, phase and background are random; the same image is drawn
    at every size.

    Args:
      split: "train", 1,024 images, or "test", 256 other ones.
      image_size: height and width in pixels.
      reading: its memory budget; the images are drawn.
      channels: number of channels, >= 1.
      num_classes: number of classes, >= 1; image i is of class i mod
        num_classes.
      seed: >= 0; the images are a function of it.

    Returns:
      Images [n, height, width, channels] with labels.

    Raises:
      UsageError: for a number of channels or of classes, or a seed, out of
        range, and an image_size that takes too much memory.
    """
    ranges = (("channels", channels, 1), ("num_classes", num_classes, 1))
    for name, value, minimum in (*ranges, ("seed", seed, 0)):
        if value < minimum:
            raise errors.UsageError(f"{name}={value}, need >= {minimum}.")
    rng = np.random.default_rng([seed, _STREAMS[split]])
    n = _NUM_IMAGES[split]
    resize.check_memory(n, image_size, channels, reading.memory_budget)
    labels = np.arange(n, dtype=np.int64) % num_classes
    shape = sides(image_size)
    images = np.empty((n, *shape, channels), np.uint8)
    shared = np.arange(channels) / channels
    for index, label in enumerate(labels):
        # Half a turn over the classes, so that each channel alone, and so a
        # grey image, tells all of them apart.
        turns = 0.5 * label / num_classes + shared
        colour = 0.6 + 0.4 * np.cos(2.0 * np.pi * turns)
        images[index] = _draw(rng.random(7), colour, 2 + label % 5, shape)
    return image_set.ImageSet(images, labels, num_classes)


def _draw(
    draws: np.ndarray, colour: np.ndarray, lobes: int, shape: tuple[int, int]
) -> np.ndarray:
    """One image [*shape, c] from seven numbers in [0, 1)."""
    down, across = (
        (np.arange(side) + 0.5) * (2.0 / side) - 1.0 for side in shape
    )
    x = across[np.newaxis, :] - 0.6 * (draws[0] - 0.5)
    y = down[:, np.newaxis] - 0.6 * (draws[1] - 0.5)
    radius = 0.3 + 0.3 * draws[2]
    angle = lobes * np.arctan2(y, x) + 2.0 * np.pi * draws[3]
    distance = np.hypot(x, y) - radius * (1.0 + 0.3 * np.cos(angle))
    inside = 0.5 - 0.5 * np.tanh(distance / _EDGE)
    slope = 0.2 * (draws[4:6] - 0.5)
    background = 0.2 + 0.2 * draws[6] + slope[0] * x + slope[1] * y
    image = (1.0 - inside)[..., np.newaxis] * background[..., np.newaxis]
    image = image + inside[..., np.newaxis] * colour
    return np.rint(255.0 * np.clip(image, 0.0, 1.0)).astype(np.uint8)
