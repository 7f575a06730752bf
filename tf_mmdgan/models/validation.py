"""KID of a model while it trains: what `fit` logs for its validation data."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tf_mmdgan import images
from tf_mmdgan.features import FeatureExtractor, extract
from tf_mmdgan.metrics import kid


def kid_of_generated(
    extractor: FeatureExtractor,
    real: Any,
    steps: int | None,
    generate: Callable[[int], np.ndarray],
) -> dict[str, float]:
    """KID, and its standard error, of as many generated images as real ones.

    The exact estimate over all pairs, not multiplied by anything: see
    `metrics.kid.kid`.

    Args:
      extractor: finds the features that are compared.
      real: images in [-1, 1], or uint8, [n, h, w, c]: an array or an iterable
        of batches, which may be (images, labels).
      steps: how many batches to take of an iterable; by default all.
      generate: makes so many images, uint8.

    Raises:
      DataError: for images that cannot be scored.
    """
    batches = [real] if isinstance(real, np.ndarray | tf.Tensor) else real
    batches = itertools.islice(batches, steps)
    found = extract(extractor, map(_as_uint8, batches)).features
    fake = extract(extractor, generate(len(found))).features
    value = kid.kid(found, fake, "exact")
    return {"kid": value.mean, "kid_standard_error": value.standard_error}


def _as_uint8(batch: Any) -> np.ndarray:
    """The images of a batch with or without labels, in 8 bits."""
    batch = np.asarray(batch[0] if isinstance(batch, tuple) else batch)
    return batch if batch.dtype == np.uint8 else images.to_uint8(batch).numpy()
