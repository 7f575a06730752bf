"""From an image as published to the pixels that were trained on.

Pure functions: uint8 [h, w, c], image_size and the number of the image in its
split -> uint8 [image_size, image_size, c].

The original code crops CelebA and LSUN at random, anew each time an image is
read. Here the place is drawn once for each image, by a hash of its number: the
stored images follow the published law, and are the same whenever they are made.
"""

import hashlib

import numpy as np
import PIL.Image

VERSION = 1  # raised when a function here returns other pixels

_CELEB_A_CENTRE = 178
_CELEB_A_CROP = 160


def celeb_a(image: np.ndarray, image_size: int, index: int) -> np.ndarray:
    """CelebA of Binkowski et al. 2018 and Arbel et al. 2018.

    The centre of 178 x 178 pixels, of that a crop of 160 x 160 at random, then
    bilinear interpolation to the size, which at 160 leaves the crop as it is.
    The published random flip is `--augment=flip`.

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

    Shrunk by Pillow's bicubic filter, so that the short side has `image_size`
    pixels, then a square at random.

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
    """Bilinear interpolation as `tf.image.resize_bilinear` of TensorFlow 1.

    Pixel i of the result lies at i h / image_size in the image, not at the
    centre of its square, and there is no filter against aliasing. Rounded to
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
    """A square whose place is drawn, evenly, by a hash of `lot`."""
    digest = hashlib.blake2b(lot.encode(), digest_size=16).digest()
    top, left = (
        int.from_bytes(half, "little") % (length - size + 1)
        for half, length in zip(
            (digest[:8], digest[8:]), image.shape[:2], strict=True
        )
    )
    return image[top : top + size, left : left + size]
