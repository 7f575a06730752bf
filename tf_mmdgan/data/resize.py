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
from tf_mmdgan.config.sizes import Size, sides

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


def check_size(image_size: Size) -> None:
    """Refuses sizes in which nothing can be seen.

    Raises:
      UsageError: for fewer than 8 pixels a side.
    """
    if min(sides(image_size)) < MINIMUM_SIZE:
        raise errors.UsageError(
            f"image_size={image_size}, need >= {MINIMUM_SIZE}."
        )


def check_memory(
    count: int, image_size: Size, channels: int, most_bytes: int
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
    needed = count * math.prod(sides(image_size)) * channels
    if needed > most_bytes:
        raise errors.UsageError(
            f"image_size={image_size}: {count:,} images take "
            f"{needed / 2**30:,.1f} GiB, more than --memory_budget_gb="
            f"{most_bytes / 2**30:g}. Ask for fewer pixels."
        )


def is_too_small(
    shape: tuple[int, int], image_size: Size, fit: str = "crop"
) -> bool:
    """Whether an image would have to be made larger.

    Args:
      shape: its height and width.
      image_size: what it is to be brought to.
      fit: how: see `fitted`.
    """
    lacks = np.less(shape, sides(image_size))
    return bool(lacks.all() if fit == "pad" else lacks.any())


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


def fitted(
    image: PIL.Image.Image, image_size: Size, mode: Resize, fit: str = "crop"
) -> np.ndarray:
    """An image brought to a size, which may be of another shape.

    Where an odd number of pixels is cut off, one more is cut off at the right
    or the bottom, and one more is put there where an odd number is missing.
    Levels are rounded and clipped once for each axis, as Pillow does.

    Args:
      image: an image of Pillow's mode L, RGB or RGBA, whose colours count as
        much as they are seen.
      image_size: height and width of the result.
      mode: the filter. The caller refuses images that are too small.
      fit: "crop", the largest part in the middle that has the shape of the
        result, a square for a square; "pad", the whole image with white
        beside it or above and below, or nothing if it may be transparent;
        "stretch", the whole image, as much narrower or flatter as the result.

    Returns:
      uint8 [height, width, c].
    """
    height, width = sides(image_size)
    if fit == "crop":
        image = _cropped(image, height, width)
    if fit != "pad":
        image = image.resize((width, height), mode.filter)
    else:
        image = _padded(image, height, width, mode)
    return np.asarray(image).reshape(height, width, -1)


def _cropped(
    image: PIL.Image.Image, height: int, width: int
) -> PIL.Image.Image:
    """The largest part in the middle of the shape height x width."""
    across, down = image.size
    if across * height >= down * width:
        part = (down * width // height, down)
    else:
        part = (across, across * height // width)
    if part == image.size:
        return image  # Of a large one, each copy is hundreds of megabytes.
    left, top = (across - part[0]) // 2, (down - part[1]) // 2
    # Not resize(box=...), whose filter would use pixels around the box too.
    return image.crop((left, top, left + part[0], top + part[1]))


def _padded(
    image: PIL.Image.Image, height: int, width: int, mode: Resize
) -> PIL.Image.Image:
    """The whole image in the middle of a white one of height x width."""
    across, down = image.size
    if across * height >= down * width:
        size = (width, max(1, round(down * width / across)))
    else:
        size = (max(1, round(across * height / down)), height)
    white = (255, 255, 255, 0) if image.mode == "RGBA" else "white"
    paper = PIL.Image.new(image.mode, (width, height), white)
    place = ((width - size[0]) // 2, (height - size[1]) // 2)
    paper.paste(image.resize(size, mode.filter), place)
    return paper


def resize_images(
    images: np.ndarray,
    image_size: Size,
    mode: str | None = None,
    most_bytes: int | None = None,
    fit: str = "crop",
) -> np.ndarray:
    """Resizes uint8 images [n, h, w, c] to [n, height, width, c].

    Args:
      images: the images, returned as they are if they have that size.
      image_size: height and width in pixels.
      mode: name in `RESIZES`; None for `resize_grey` of each channel, which
        enlarges too, of squares to a square, and for `DEFAULT` of others. Of
        four channels the last is opacity: colours count as much as they are
        seen, by "enlarge" in place of `resize_grey`.
      most_bytes: that enlarged images may take; None for any number.
      fit: see `fitted`.

    Raises:
      UsageError: for an unknown mode, fewer than 8 pixels, more than the images
        have, if the mode does not enlarge, or more than fit the memory.
    """
    wanted, found = sides(image_size), images.shape[1:3]
    if most_bytes is not None and math.prod(wanted) > math.prod(found):
        check_memory(len(images), image_size, images.shape[-1], most_bytes)
    squares = len({*wanted}) == len({*found}) == 1
    if mode is None and squares and images.shape[-1] == 4:
        mode = "enlarge"
    if mode is None and squares:
        channels = np.moveaxis(images, -1, 0)
        resized = [resize_grey(channel, wanted[0]) for channel in channels]
        return np.stack(resized, axis=-1)
    chosen = _checked(found, image_size, mode or DEFAULT, fit)
    if found == wanted:
        return images
    if images.shape[-1] in (3, 4):
        return np.stack(
            [
                fitted(PIL.Image.fromarray(image), image_size, chosen, fit)
                for image in images
            ]
        )
    return _by_channels(images, image_size, chosen, fit)


def _checked(
    found: tuple[int, ...], image_size: Size, mode: str, fit: str
) -> Resize:
    """The resize mode for images of height and width `found`."""
    check_size(image_size)
    chosen = errors.pick(RESIZES, mode, "resize mode")
    height, width = found
    if is_too_small((height, width), image_size, fit) and not chosen.enlarges:
        have = height if height == width else f"{height} x {width}"
        raise errors.UsageError(
            f"image_size={image_size}: the images have {have} pixels. Ask for "
            "fewer, or for --resize=enlarge."
        )
    return chosen


def _by_channels(
    images: np.ndarray, image_size: Size, mode: Resize, fit: str
) -> np.ndarray:
    """Numbers uint8 or float32 [n, h, w, c], each channel brought to a size."""
    return np.stack(
        [
            np.concatenate(
                [
                    fitted(PIL.Image.fromarray(plane), image_size, mode, fit)
                    for plane in np.moveaxis(image, -1, 0)
                ],
                axis=-1,
            )
            for image in images
        ]
    )


def resize_levels(
    levels: np.ndarray,
    image_size: Size,
    mode: str | None,
    most_bytes: int,
    fit: str,
) -> np.ndarray:
    """Resizes numbers float32 [n, h, w, c] in [0, 255], without rounding.

    Args:
      levels: the numbers, returned as they are if they have that size.
      image_size: height and width in pixels.
      mode: name in `RESIZES`; None for `DEFAULT`.
      most_bytes: that enlarged images may take.
      fit: see `fitted`.

    Raises:
      UsageError: as of `resize_images`.
    """
    if math.prod(sides(image_size)) > math.prod(levels.shape[1:3]):
        wide = levels.itemsize * levels.shape[-1]
        check_memory(len(levels), image_size, wide, most_bytes)
    chosen = _checked(levels.shape[1:3], image_size, mode or DEFAULT, fit)
    if levels.shape[1:3] == sides(image_size):
        return levels
    # Filters overshoot at edges.
    return np.clip(_by_channels(levels, image_size, chosen, fit), 0.0, 255.0)
