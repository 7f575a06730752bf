"""KID of a model while it trains: what `fit` logs for its validation data."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors, images
from tf_mmdgan.features import FeatureExtractor, extract
from tf_mmdgan.metrics import kid
from tf_mmdgan.models import image_batches


def kid_of_generated(
    extractor: FeatureExtractor,
    real: Any,
    steps: int | None,
    generate: Callable[..., np.ndarray],
    num_classes: int | None = None,
) -> dict[str, float]:
    """KID, and its standard error, of as many generated images as real ones.

    The exact estimate over all pairs, not multiplied by anything: see
    `metrics.kid.kid`.

    Args:
      extractor: finds the features that are compared.
      real: images in [-1, 1], or uint8, [n, h, w, c]: an array or an iterable
        of batches, which may be (images, labels).
      steps: how many batches to take of an iterable; by default all.
      generate: makes so many images, uint8, of classes by their `shares`.
      num_classes: k, of a generator with classes: they are drawn as often as
        the labels of the real images say, if there are any.

    Raises:
      DataError: for images that cannot be scored.
    """
    batches = [real] if isinstance(real, np.ndarray | tf.Tensor) else real
    labels: list[np.ndarray] = []

    def in_8_bits() -> Iterator[np.ndarray]:
        for batch in itertools.islice(batches, steps):
            pair = batch if isinstance(batch, tuple) else (batch,)
            labels.extend(np.asarray(own) for own in pair[1:2])
            yield _as_uint8(pair[0])

    found = extract(extractor, in_8_bits()).features
    shares: np.ndarray | str = "data"
    if num_classes and labels:
        every = np.concatenate(labels)
        image_batches.check_labels(every, num_classes)
        counts = np.bincount(every, minlength=num_classes)
        shares = counts / counts.sum()
    fake = extract(extractor, generate(len(found), shares=shares)).features
    value = kid.kid(found, fake, "exact")
    return {"kid": value.mean, "kid_standard_error": value.standard_error}


def scores_of_points(
    real: Any, steps: int | None, generate: Callable[..., np.ndarray]
) -> dict[str, float]:
    """KID and the energy distance of as many generated points as real ones.

    Exact estimates over all pairs of rows; KID of their columns as they are,
    on whose unit it depends. The energy distance is 2 E||x - y|| - E||x - x'||
    - E||y - y'||.

    Args:
      real: points [n, d]: an array or an iterable of batches.
      steps: how many batches to take of an iterable; by default all.
      generate: makes so many points.

    Raises:
      DataError: for points that cannot be scored.
    """
    batches = [real] if isinstance(real, np.ndarray | tf.Tensor) else real
    taken = [np.asarray(b) for b in itertools.islice(batches, steps)]
    if not taken:
        raise errors.DataError("There are no points to score.")
    found = np.concatenate(taken)
    fake = generate(len(found))
    value = kid.kid(found, fake, "exact")
    energy = kid.kid(found, fake, "exact", kernel="energy")
    return {
        "kid": value.mean,
        "kid_standard_error": value.standard_error,
        "energy_distance": energy.mean,
    }


def _as_uint8(batch: Any) -> np.ndarray:
    batch = np.asarray(batch)
    if batch.dtype.kind not in "fV" and batch.dtype != np.uint8:
        raise errors.UsageError(
            f"The images are {batch.dtype}: give uint8, or floats in [-1, 1]."
        )
    if batch.dtype != np.uint8:
        image_batches.check_values(batch.astype(np.float32))
    return batch if batch.dtype == np.uint8 else images.to_uint8(batch).numpy()
