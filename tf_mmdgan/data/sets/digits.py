"""Real data inside a wheel: scikit-learn's handwritten digits."""

import hashlib

import numpy as np
import sklearn.datasets

from tf_mmdgan.config import ReadConfig
from tf_mmdgan.data import image_set, resize

NUM_TEST = 500


def test_indices(labels: np.ndarray, num_test: int = NUM_TEST) -> np.ndarray:
    """The held-out images of a stratified split: sorted indices, [num_test].

    Each class gives its share, rounded by largest remainders. Within a class
    the images are drawn at random, because the last ones in the file are by
    other writers, and harder. The draw is the order of their hashes, so that
    the split is the same under every version of every library.

    Args:
      labels: integers, [n].
      num_test: how many images to hold out, at most n.
    """
    classes, counts = np.unique(labels, return_counts=True)
    shares = counts * num_test / len(labels)
    quotas = np.floor(shares).astype(int)
    remainders = np.argsort(quotas - shares, kind="stable")
    quotas[remainders[: num_test - quotas.sum()]] += 1
    chosen = []
    for value, quota in zip(classes, quotas, strict=True):
        members = np.flatnonzero(labels == value).tolist()
        chosen += sorted(members, key=_lot)[:quota]
    return np.sort(chosen)


def load(
    split: str, image_size: int, reading: ReadConfig
) -> image_set.ImageSet:
    """1,797 digits, white strokes on black: 1,297 to train, 500 to test.

    The 8 x 8 images of the wheel (levels 0..16) are scaled to 0..255 and
    enlarged by a bicubic filter.

    Args:
      split: "train" or "test".
      image_size: height and width in pixels, at least 8.
      reading: how to resize, by default as above, and its memory budget; the
        images are in scikit-learn's wheel.

    Returns:
      Images [n, image_size, image_size, 1] with labels 0..9.

    Raises:
      UsageError: for an image_size under 8, one that takes too much memory, or
        one over 8 where `reading.resize` does not enlarge.

    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten
    Digits, UCI Machine Learning Repository, 1998, doi:10.24432/C50P49.
    """
    bunch = sklearn.datasets.load_digits()
    held_out = test_indices(bunch.target)
    kept = np.setdiff1d(np.arange(len(bunch.target)), held_out)
    indices = {"train": kept, "test": held_out}[split]
    levels = np.rint(bunch.images[indices] * (255.0 / 16.0)).astype(np.uint8)
    return image_set.ImageSet(
        images=resize.resize_images(
            levels[..., np.newaxis],
            image_size,
            reading.resize,
            reading.memory_budget,
        ),
        labels=bunch.target[indices].astype(np.int64),
        num_classes=10,
    )


def _lot(index: int) -> bytes:
    return hashlib.sha256(f"digits {index}".encode()).digest()
