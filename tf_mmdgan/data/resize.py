"""One way to change the size of grey images, for every source."""

import numpy as np
import PIL.Image

from tf_mmdgan import errors

MINIMUM_SIZE = 8


def check_size(image_size: int) -> None:
    """Refuses sizes in which nothing can be seen.

    Raises:
      UsageError: for fewer than 8 pixels.
    """
    if image_size < MINIMUM_SIZE:
        raise errors.UsageError(
            f"image_size={image_size}, need >= {MINIMUM_SIZE}."
        )


def resize_grey(images: np.ndarray, image_size: int) -> np.ndarray:
    """Resizes uint8 images [n, h, w] to [n, image_size, image_size].

    Pillow's bicubic filter (Keys 1981, a = -0.5), rounded and clipped to
    0..255. The filter widens when it shrinks an image, so that it does not
    alias (Parmar, Zhang and Zhu 2022, section 3, on why this matters for
    scores).

    Raises:
      UsageError: for fewer than 8 pixels.
    """
    check_size(image_size)
    if images.shape[1:] == (image_size, image_size):
        return images
    size, bicubic = (image_size, image_size), PIL.Image.Resampling.BICUBIC
    resized = np.empty((len(images), *size), np.uint8)
    for index, image in enumerate(images):
        # In floats, because Pillow rounds and clips bytes after either axis.
        levels = PIL.Image.fromarray(image.astype(np.float32))
        levels = np.asarray(levels.resize(size, bicubic))
        resized[index] = np.rint(np.clip(levels, 0.0, 255.0))
    return resized
