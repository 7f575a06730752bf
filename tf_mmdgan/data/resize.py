"""Changing the size of images, in the same way for every data set.

Each resize mode is one of Pillow's filters. To shrink an image they are made
wider, so that it does not alias; "nearest" alone aliases. On why this matters
for scores see Parmar, Zhang and Zhu, "On aliased resizing and surprising
subtleties in GAN evaluation", CVPR 2022, section 3.
"""

import dataclasses
import math

import numpy as np
import PIL.Image

from tf_mmdgan import errors

MINIMUM_SIZE = 8


@dataclasses.dataclass(frozen=True)
class Resize:
    """How an image is brought to another size.

    Attributes:
      filter: the filter of Pillow.
      enlarges: whether images may become larger, which adds pixels but nothing
        to see.
    """

    filter: PIL.Image.Resampling
    enlarges: bool = False


DEFAULT = "antialias"

RESIZES = {
    "antialias": Resize(PIL.Image.Resampling.BICUBIC),
    "area": Resize(PIL.Image.Resampling.BOX),
    "bilinear": Resize(PIL.Image.Resampling.BILINEAR),
    "lanczos": Resize(PIL.Image.Resampling.LANCZOS),
    "nearest": Resize(PIL.Image.Resampling.NEAREST),
    "enlarge": Resize(PIL.Image.Resampling.BICUBIC, enlarges=True),
}


def check_size(image_size: int) -> None:
    """Refuses sizes in which nothing can be seen.

    Raises:
      UsageError: for fewer than 8 pixels.
    """
    if image_size < MINIMUM_SIZE:
        raise errors.UsageError(
            f"image_size={image_size}, need >= {MINIMUM_SIZE}."
        )


def check_memory(
    count: int, image_size: int, channels: int, most_bytes: int
) -> None:
    """Refuses images that take more memory than a split may.

    Args:
      count: number of images.
      image_size: height and width in pixels.
      channels: number of channels.
      most_bytes: the memory budget.

    Raises:
      UsageError: for more bytes.
    """
    needed = count * image_size**2 * channels
    if needed > most_bytes:
        raise errors.UsageError(
            f"image_size={image_size}: {count:,} images take "
            f"{needed / 2**30:,.1f} GiB, more than --memory_budget_gb="
            f"{most_bytes / 2**30:g}. Ask for fewer pixels."
        )


def resize_grey(images: np.ndarray, image_size: int) -> np.ndarray:
    """Resizes uint8 images [n, h, w] to [n, image_size, image_size].

    Pillow's bicubic filter (Keys 1981, a = -0.5), rounded and clipped to
    0..255.

    Raises:
      UsageError: for fewer than 8 pixels.
    """
    check_size(image_size)
    if images.shape[1:] == (image_size, image_size):
        return images
    size, bicubic = (image_size, image_size), PIL.Image.Resampling.BICUBIC
    resized = np.empty((len(images), *size), np.uint8)
    for index, image in enumerate(images):
        # In floats, because Pillow rounds and clips bytes once for each axis.
        picture = PIL.Image.fromarray(image.astype(np.float32))
        levels = np.asarray(picture.resize(size, bicubic))
        resized[index] = np.rint(np.clip(levels, 0.0, 255.0))
    return resized


def resize_square(
    image: PIL.Image.Image, image_size: int, mode: Resize
) -> np.ndarray:
    """The square in the middle of an image, resized.

    Where an odd number of pixels is cut off, one more is cut off at the right
    or the bottom. Levels are rounded and clipped once for each axis, as Pillow
    does.

    Args:
      image: an image of Pillow's mode L or RGB.
      image_size: height and width of the result.
      mode: the filter. The caller refuses images that are too small.

    Returns:
      uint8 [image_size, image_size, c].
    """
    side = min(image.size)
    left, top = ((length - side) // 2 for length in image.size)
    # Not resize(box=...), whose filter would use pixels around the box too.
    square = image  # Of a large one, each copy is hundreds of megabytes.
    if image.size != (side, side):
        square = image.crop((left, top, left + side, top + side))
    square = square.resize((image_size, image_size), mode.filter)
    return np.asarray(square).reshape(image_size, image_size, -1)


def resize_images(
    images: np.ndarray,
    image_size: int,
    mode: str | None = None,
    most_bytes: int | None = None,
) -> np.ndarray:
    """Resizes uint8 images [n, h, w, c] to [n, image_size, image_size, c].

    Args:
      images: the images, returned as they are if they have that size.
      image_size: height and width in pixels.
      mode: name in `RESIZES`; None for `resize_grey` of each channel, which
        enlarges too.
      most_bytes: that enlarged images may take; None for any number.

    Raises:
      UsageError: for an unknown mode, fewer than 8 pixels, more than the images
        have, if the mode does not enlarge, or more than fit the memory.
    """
    if most_bytes is not None and image_size**2 > math.prod(images.shape[1:3]):
        check_memory(len(images), image_size, images.shape[-1], most_bytes)
    if mode is None:
        channels = np.moveaxis(images, -1, 0)
        resized = [resize_grey(channel, image_size) for channel in channels]
        return np.stack(resized, axis=-1)
    check_size(image_size)
    chosen = errors.pick(RESIZES, mode, "resize mode")
    side = min(images.shape[1:3])
    if side < image_size and not chosen.enlarges:
        raise errors.UsageError(
            f"image_size={image_size}: the images have {side} pixels. Ask for "
            "fewer, or for --resize=enlarge."
        )
    if images.shape[1:3] == (image_size, image_size):
        return images
    # Pillow has no channel axis for grey images.
    squeezed = images[..., 0] if images.shape[-1] == 1 else images
    return np.stack(
        [
            resize_square(PIL.Image.fromarray(image), image_size, chosen)
            for image in squeezed
        ]
    )
