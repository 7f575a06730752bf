"""Images at the package's borders: 8 bits, grids and PNG files.

Inside the package images are float32 in [-1, 1], [n, h, w, c]: grey, colour,
colour with opacity, c = 1, 3 or 4, or anything else. Of 8-bit images with
opacity, as in PNG files, the colour is that of the pixel; inside it is
multiplied by the opacity, so that what cannot be seen is 0 and no network has
to learn it.
"""

import io
import math
import os
import pathlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import PIL.Image
import tensorflow as tf

from tf_mmdgan import errors, files

_MOST_PIXELS = 2**28  # of a picture that is written
_GAP = 2  # between the images of a grid
_ANIMATION_MILLISECONDS = 80  # that each image is shown


def from_uint8(images: tf.Tensor) -> tf.Tensor:
    """Maps levels 0..255 to [-1, 1], float32; the inverse of `to_uint8`.

    Of images with opacity, the levels of colours become fractions of it.
    """
    levels = tf.cast(images, tf.float32)
    if _has_opacity(levels):
        colour, opacity = levels[..., :3], levels[..., 3:]
        levels = tf.concat([colour * (opacity / 255.0), opacity], axis=-1)
    return levels / 127.5 - 1.0


def as_floats(images: tf.Tensor) -> tf.Tensor:
    """Levels [n, h, w, c] by `from_uint8`; rows [n, d] as they are."""
    return images if images.shape.rank == 2 else from_uint8(images)


def to_uint8(images: tf.Tensor) -> tf.Tensor:
    """Rounds images in [-1, 1] to the nearest of 256 levels, clipping.

    Of images with opacity, the colour of what cannot be seen is 0.
    """
    levels = (tf.cast(images, tf.float32) + 1.0) * 127.5
    if _has_opacity(levels):
        opacity = tf.round(tf.clip_by_value(levels[..., 3:], 0.0, 255.0))
        colour = tf.math.divide_no_nan(levels[..., :3] * 255.0, opacity)
        levels = tf.concat([colour, opacity], axis=-1)
    return tf.cast(tf.clip_by_value(tf.round(levels), 0.0, 255.0), tf.uint8)


def _has_opacity(images: tf.Tensor) -> bool:
    return images.shape.rank is not None and (
        images.shape.rank > 2 and images.shape[-1] == 4
    )


def over_white(image: PIL.Image.Image) -> PIL.Image.Image:
    """The image as RGB, its transparent pixels laid over white."""
    image = image.convert("RGBA")
    white = PIL.Image.new("RGBA", image.size, "white")
    return PIL.Image.alpha_composite(white, image).convert("RGB")


def opaque(images: np.ndarray) -> np.ndarray:
    """Images uint8 [n, h, w, 4] laid over white, uint8 [n, h, w, 3]."""
    laid = (over_white(PIL.Image.fromarray(image)) for image in images)
    return np.stack([np.asarray(image) for image in laid])


def blank_share(images: np.ndarray, levels: float = 12.0) -> float:
    """The share of images that hardly differ from one flat colour.

    Args:
      images: uint8 [n, h, w, c].
      levels: an image is blank if the standard deviation of its numbers is
        below this, of 255.
    """
    deviations = images.reshape(len(images), -1).std(axis=1, dtype=np.float64)
    return float(np.mean(deviations < levels))


def grid(
    images: np.ndarray, columns: int | None = None, scale: int = 1
) -> np.ndarray:
    """Tiles uint8 images [n, h, w, c] into one image [H, W, c].

    Args:
      images: uint8, [n, h, w, c].
      columns: images in a row; by default the grid is about square.
      scale: each pixel becomes scale x scale pixels.

    Returns:
      uint8 [rows * (h + 2) - 2, columns * (w + 2) - 2, c] times `scale`; the
      gaps and missing images are mid-grey, or transparent where images are.

    Raises:
      UsageError: for more pixels than a picture may have.
    """
    n, h, w, c = images.shape
    check_grid(n, (h, w), columns, scale)
    rows, columns = _layout(n, columns)
    level = 0 if c == 4 else 128
    shape = (rows * (h + _GAP), columns * (w + _GAP), c)
    canvas = np.full(shape, level, np.uint8)
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        top, left = row * (h + _GAP), column * (w + _GAP)
        canvas[top : top + h, left : left + w] = image
    return _enlarged(canvas[:-_GAP, :-_GAP], scale)


def check_grid(
    count: int, size: tuple[int, int], columns: int | None, scale: int
) -> None:
    """Refuses a `grid` before there are images for it.

    Args:
      count: of images.
      size: height and width of each.
      columns: as of `grid`.
      scale: as of `grid`.

    Raises:
      UsageError: as `grid`.
    """
    rows, columns = _layout(count, columns)
    height, width = size
    _check_pixels(rows * (height + _GAP), columns * (width + _GAP), scale)


def check_scale(size: tuple[int, int], scale: int) -> None:
    """Refuses pictures of single images that are too large, likewise.

    Args:
      size: height and width of an image.
      scale: as of `write_folder`.

    Raises:
      UsageError: for more pixels than a picture may have.
    """
    _check_pixels(*size, scale)


def _layout(count: int, columns: int | None) -> tuple[int, int]:
    """Rows and columns of a grid."""
    columns = columns or math.ceil(math.sqrt(count))
    return math.ceil(count / columns), columns


def _check_pixels(height: int, width: int, scale: int) -> None:
    if height * width * scale**2 > _MOST_PIXELS:
        raise errors.UsageError(
            f"--scale={scale}: a picture of {height * scale:,} x "
            f"{width * scale:,} pixels is more than {_MOST_PIXELS:,}; give a "
            "smaller scale, or fewer images."
        )


def _enlarged(image: np.ndarray, scale: int) -> np.ndarray:
    _check_pixels(image.shape[0], image.shape[1], scale)
    return image.repeat(scale, axis=0).repeat(scale, axis=1)


def shown(images: Any) -> Any:
    """What pictures can show of images [..., c].

    Of two channels that is the first, of more than four the first three.
    """
    channels = images.shape[-1]
    if channels in (1, 3, 4):
        return images
    return images[..., :1] if channels == 2 else images[..., :3]


def as_picture(image: np.ndarray) -> PIL.Image.Image:
    """An image uint8 [h, w, c] as Pillow's, of what pictures can show of it."""
    seen = shown(image)
    # Pillow has no channel axis for grey.
    return PIL.Image.fromarray(seen[..., 0] if seen.shape[-1] == 1 else seen)


def encode_png(image: np.ndarray) -> bytes:
    """Encodes `as_picture` of one uint8 image [h, w, c], losslessly."""
    buffer = io.BytesIO()
    as_picture(image).save(buffer, "PNG")
    return buffer.getvalue()


def write_grid(
    path: str | os.PathLike[str],
    images: np.ndarray,
    columns: int | None = None,
    scale: int = 1,
) -> None:
    """Writes uint8 images [n, h, w, c] as one PNG file, atomically."""
    files.write_bytes(path, encode_png(grid(images, columns, scale)))


def write_animation(
    path: str | os.PathLike[str],
    images: np.ndarray,
    scale: int = 1,
) -> None:
    """Writes uint8 images [n, h, w, c] as a GIF that shows them to and fro.

    Args:
      path: the file, which is complete or absent.
      images: uint8, [n, h, w, c]; each image is reduced to 256 colours.
      scale: each pixel becomes scale x scale pixels.
    """
    there_and_back = [*images, *images[-2:0:-1]]
    first, *rest = (
        as_picture(_enlarged(image, scale)) for image in there_and_back
    )
    buffer = io.BytesIO()
    first.save(
        buffer,
        "GIF",
        save_all=True,
        append_images=rest,
        duration=_ANIMATION_MILLISECONDS,
        loop=0,
    )
    files.write_bytes(path, buffer.getvalue())


def write_folder(
    folder: str | os.PathLike[str], images: np.ndarray, scale: int = 1
) -> None:
    """Writes uint8 images [n, h, w, c] as PNG files 00000.png, 00001.png, ...

    Raises:
      DataError: if the folder has any file, because nobody could tell which
        images belong together.
    """
    folder = pathlib.Path(folder)
    check_new(folder)
    for number, image in enumerate(images):
        png = encode_png(_enlarged(image, scale))
        files.write_bytes(folder / f"{number:05}.png", png)


def write_classes(
    folder: str | os.PathLike[str],
    images: Mapping[str, np.ndarray],
    scale: int = 1,
) -> None:
    """Writes the images of each class to a folder of its name in a folder.

    Raises:
      DataError: as `write_folder`, and for a name that no folder has.
    """
    folder = pathlib.Path(folder)
    check_new(folder)
    check_folders(images)
    for name, own in images.items():
        write_folder(folder / name, own, scale)


def check_folders(names: Iterable[str]) -> None:
    """Refuses names that no folder can have, before there are images.

    Raises:
      DataError: for such a name.
    """
    for name in names:
        if name in (".", "..") or pathlib.PurePath(name).name != name:
            raise errors.DataError(
                f"'{name}' is the name of a class, but no folder can have it: "
                "name a file, --out=images.npz."
            )


def check_new(folder: str | os.PathLike[str]) -> None:
    """Refuses a folder that has any file, before there are images for it.

    Raises:
      DataError: for such a folder, and for a file.
    """
    folder = pathlib.Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise errors.DataError(
            f"{folder} is there already, and not an empty folder: name "
            "another one."
        )
