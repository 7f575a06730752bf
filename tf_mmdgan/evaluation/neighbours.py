"""Generated images beside the real images that are nearest to them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_mmdgan.evaluation.loaded import Content, StoredFeatures, for_page
from tf_mmdgan.features import FeatureExtractor, extract, in_batches
from tf_mmdgan.metrics import nearest

# Generated images that are shown, and real images in the row of each.
_SHOWN = 8
_NEIGHBOURS = 7


def with_neighbours(
    extractor: FeatureExtractor,
    images: Content,
    real: Content,
    real_features: np.ndarray,
) -> np.ndarray | None:
    """Some images, and the real images nearest to each: [n, k, h, w, c].

    None where images of one side are not at hand, and where both sides are
    shown at different sizes.

    Args:
      extractor: of the features in which distances are taken.
      images: of which the first are shown.
      real: the real images.
      real_features: theirs, [m, d].
    """
    if isinstance(images, StoredFeatures) or isinstance(real, StoredFeatures):
        return None
    rows = np.arange(min(_SHOWN, len(images)))
    found = extract(extractor, in_batches(images[rows])).features
    near = nearest(found, real_features, min(_NEIGHBOURS, len(real)))
    return _beside(for_page(images, rows), for_page(real, near.ravel()), near)


def with_training(
    images: Content,
    training: np.ndarray | None,
    memorization: Mapping[str, Any] | None,
) -> np.ndarray | None:
    """Some images, and the training images nearest to each: [n, k, h, w, c].

    Args:
      images: of which the first are shown.
      training: images uint8 [N, h, w, c], if they are at hand.
      memorization: of a report; None: nobody has looked for the nearest ones.
    """
    if training is None or memorization is None:
        return None
    if isinstance(images, StoredFeatures):
        return None
    near = np.array(memorization["nearest"])
    shown = for_page(images, range(len(near)))
    return _beside(shown, training[near.ravel()], near)


def _beside(
    shown: np.ndarray | None, real: np.ndarray | None, near: np.ndarray
) -> np.ndarray | None:
    """Each image before its real ones; None at different sizes, and of rows."""
    if shown is None or real is None or shown.shape[1:] != real.shape[1:]:
        return None
    rows_of_real = real.reshape(*near.shape, *real.shape[1:])
    return np.concatenate([shown[:, None], rows_of_real], axis=1)
