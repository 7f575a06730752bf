"""KID of a model while it trains: what `fit` logs for its validation data."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors, images
from tf_mmdgan.conditions import Condition
from tf_mmdgan.features import FeatureExtractor, extract
from tf_mmdgan.metrics import kid
from tf_mmdgan.models import image_batches


def kid_of_generated(
    extractor: FeatureExtractor,
    real: Any,
    steps: int | None,
    generate: Callable[..., np.ndarray],
    condition: Condition | None = None,
) -> dict[str, float]:
    """KID, and its standard error, of as many generated images as real ones.

    The exact estimate over all pairs, not multiplied by anything: see
    `metrics.kid.kid`.

    Args:
      extractor: finds the features that are compared.
      real: images in [-1, 1], or uint8, [n, h, w, c]: an array or an iterable
        of batches, which may be (images, labels).
      steps: how many batches to take of an iterable; by default all.
      generate: makes so many images, uint8, of labels by a `condition`.
      condition: of a generator that takes labels: they are drawn as those of
        the real images are, if these have any.

    Raises:
      DataError: for images that cannot be scored.
    """
    labels: list[np.ndarray] = []
    in_8_bits = map(_as_uint8, _without_labels(real, steps, labels))
    found = extract(extractor, in_8_bits).features
    condition = _law(labels, len(found), condition)
    made = generate(len(found), condition=condition)
    fake = extract(extractor, made).features
    value = kid.kid(found, fake, "exact")
    return {"kid": value.mean, "kid_standard_error": value.standard_error}


def scores_of_points(
    real: Any,
    steps: int | None,
    generate: Callable[..., np.ndarray],
    condition: Condition | None = None,
) -> dict[str, float]:
    """KID and the energy distance of as many generated points as real ones.

    Exact estimates over all pairs of rows; KID of their columns as they are,
    on whose unit it depends. The energy distance is 2 E||x - y|| - E||x - x'||
    - E||y - y'||.

    Args:
      real: points [n, d]: an array or an iterable of batches, which may be
        (points, labels).
      steps: how many batches to take of an iterable; by default all.
      generate: makes so many points, of labels by a `condition`.
      condition: as of `kid_of_generated`.

    Raises:
      DataError: for points that cannot be scored.
    """
    labels: list[np.ndarray] = []
    taken = [np.asarray(b) for b in _without_labels(real, steps, labels)]
    if not taken:
        raise errors.DataError("There are no points to score.")
    found = np.concatenate(taken)
    condition = _law(labels, len(found), condition)
    fake = generate(len(found), condition=condition)
    value = kid.kid(found, fake, "exact")
    energy = kid.kid(found, fake, "exact", kernel="energy")
    return {
        "kid": value.mean,
        "kid_standard_error": value.standard_error,
        "energy_distance": energy.mean,
    }


def _without_labels(
    real: Any, steps: int | None, labels: list[np.ndarray]
) -> Iterator[Any]:
    """The images, or points, of batches; labels beside them go to a list."""
    batches = [real] if isinstance(real, np.ndarray | tf.Tensor) else real
    for batch in itertools.islice(batches, steps):
        first, *beside = batch if isinstance(batch, tuple) else (batch,)
        labels.extend(np.asarray(own) for own in beside[:1])
        yield first


def _law(
    labels: Sequence[np.ndarray], count: int, condition: Condition | None
) -> Condition | None:
    """A condition with the law of given labels, if there are any.

    Raises:
      UsageError: for labels of another form.
      DataError: for others, and for more or fewer labels than `count`.
    """
    if condition is None or not labels:
        return condition
    every = np.concatenate(labels)
    found = condition.like(every)
    if len(every) != count:
        raise errors.DataError(f"{len(every)} labels for {count} images.")
    return found


def _as_uint8(batch: Any) -> np.ndarray:
    batch = np.asarray(batch)
    if batch.dtype.kind not in "fV" and batch.dtype != np.uint8:
        raise errors.UsageError(
            f"The images are {batch.dtype}: give uint8, or floats in [-1, 1]."
        )
    if batch.dtype != np.uint8:
        image_batches.check_values(batch.astype(np.float32))
    return batch if batch.dtype == np.uint8 else images.to_uint8(batch).numpy()
