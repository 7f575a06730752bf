"""What the papers do to the images of public data sets before training.

Pure functions: an image uint8 [h, w, c], image_size and the number of the image
in its split -> uint8 [image_size, image_size, c].

The original code crops CelebA and LSUN at random, anew each time an image is
read. Here each image has one random place, a hash of its number: the stored
images have the published distribution, and are the same whenever they are made.
"""

import hashlib

import numpy as np
import PIL.Image

VERSION = 1  # to be raised when a function here is changed to give other pixels

_CELEB_A_CENTRE = 178
_CELEB_A_CROP = 160


def celeb_a(image: np.ndarray, image_size: int, index: int) -> np.ndarray:
    """CelebA of Binkowski et al. 2018 and Arbel et al. 2018.

    The centre of 178 x 178 pixels is cut out, of that 160 x 160 pixels at
    random, and the result is interpolated to the size asked for (at 160 it
    stays as it is). The published random flip is `--augment=flip`.

    Args:
      image: uint8 [h, w, 3], both >= 178; as published 218 x 178.
      image_size: height and width in pixels, at most 160.
      index: the number of the image, which places the crop.

    Source: https://github.com/mbinkowski/MMD-GAN, gan/core/pipeline.py:118-139.
    """
    centre = _centre(image, _CELEB_A_CENTRE)
    drawn = _drawn(centre, _CELEB_A_CROP, f"celeb_a {index}")
    return interpolate(drawn, image_size)


def lsun(image: np.ndarray, image_size: int, index: int) -> np.ndarray:
    """LSUN of Binkowski et al. 2018.

    The image is shrunk by Pillow's bicubic filter until its short side has
    `image_size` pixels; then a square is cut out at random.

    Args:
      image: uint8 [h, w, 3], the short side >= image_size.
      image_size: height and width in pixels.
      index: the number of the image, which places the crop.

    Source: https://github.com/mbinkowski/MMD-GAN, gan/utils/misc.py:131-146,
    whose `thumbnail` is bicubic by default.
    """
    height, width = image.shape[:2]
    short = min(height, width)
    size = [round(length * image_size / short) for length in (width, height)]
    bicubic = PIL.Image.Resampling.BICUBIC
    shrunk = np.asarray(PIL.Image.fromarray(image).resize(size, bicubic))
    return _drawn(shrunk, image_size, f"lsun {index}")


def stl10(image: np.ndarray, image_size: int, index: int) -> np.ndarray:
    """STL-10 of Wang et al. 2019: Pillow's Lanczos filter, 96 to 48 pixels.

    Args:
      image: uint8 [h, w, 3].
      image_size: height and width in pixels, at most those of the image.
      index: not used.

    Source: https://github.com/richardwth/MMD-GAN, Data/ReadMe.md and
    GeneralTools/input_func.py.
    """
    del index
    size = (image_size, image_size)
    lanczos = PIL.Image.Resampling.LANCZOS
    return np.asarray(PIL.Image.fromarray(image).resize(size, lanczos))


def interpolate(image: np.ndarray, image_size: int) -> np.ndarray:
    """Resizes as `tf.image.resize_bilinear` of TensorFlow 1 did.

    The value of pixel i is interpolated between the pixels around row (or
    column) i h / image_size of the image, which is not the centre of the
    pixel's square; there is no filter against aliasing. Values are rounded to
    the nearest level.

    Args:
      image: uint8 [h, h, c].
      image_size: height and width of the result.
    """
    if image.shape[0] == image_size:
        return image
    place = np.arange(image_size) * (image.shape[0] / image_size)
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, image.shape[0] - 1)
    share = place - low
    levels = image.astype(np.float64)
    down = share[:, np.newaxis, np.newaxis]
    levels = (1.0 - down) * levels[low] + down * levels[high]
    right = share[:, np.newaxis]
    levels = (1.0 - right) * levels[:, low] + right * levels[:, high]
    return np.rint(levels).astype(np.uint8)


def _centre(image: np.ndarray, size: int) -> np.ndarray:
    top, left = ((length - size) // 2 for length in image.shape[:2])
    return image[top : top + size, left : left + size]


def _drawn(image: np.ndarray, size: int, lot: str) -> np.ndarray:
    """A square at a place that a hash of `lot` chooses; all are as likely."""
    digest = hashlib.blake2b(lot.encode(), digest_size=16).digest()
    top, left = (
        int.from_bytes(half, "little") % (length - size + 1)
        for half, length in zip(
            (digest[:8], digest[8:]), image.shape[:2], strict=True
        )
    )
    return image[top : top + size, left : left + size]
