"""The generated images that look most like real ones."""

from typing import NamedTuple

import numpy as np

from tf_mmdgan import errors
from tf_mmdgan.evaluation.scorer import Scorer
from tf_mmdgan.metrics import MetricSettings, neighbors

# Neighbours by which a sample is told to look real, as published.
_NEAREST_K = 3


class Chosen(NamedTuple):
    """Some of the images that were drawn.

    Attributes:
      rows: their numbers, int64 [k], in the order in which they were drawn.
      kept: precision and recall of these images, in [0, 1].
      all_drawn: the same of all that were drawn.
    """

    rows: np.ndarray
    kept: dict[str, float]
    all_drawn: dict[str, float]


def check(scorer: Scorer) -> None:
    """Refuses real images that are too few to tell, before any is drawn.

    Raises:
      DataError: naming how many there are.
    """
    if len(scorer.real) <= _NEAREST_K:
        raise errors.DataError(
            f"{scorer.source} has {len(scorer.real)} images: which samples "
            f"look real is told by more than {_NEAREST_K}."
        )


def choose(
    scorer: Scorer, images: np.ndarray, of_each: int, count: int
) -> Chosen:
    """Of each `of_each` images the `count` of the highest realism score.

    That keeps what lies inside the manifold of the real images, so precision
    rises and recall falls. See `metrics.neighbors.realism`.

    Args:
      scorer: whose real images these are to look like.
      images: uint8 [n, h, w, c]; n is a multiple of `of_each`.
      of_each: how many of one class follow each other.
      count: how many of them are kept.
    """
    features = scorer.features(images)
    real = scorer.real_features
    scores = neighbors.realism(real, features, _NEAREST_K).reshape(-1, of_each)
    best = np.sort(np.argsort(-scores, axis=1, kind="stable")[:, :count])
    rows = (best + of_each * np.arange(len(scores))[:, np.newaxis]).ravel()
    return Chosen(
        rows,
        _precision_and_recall(real, features[rows]),
        _precision_and_recall(real, features),
    )


def _precision_and_recall(
    real: np.ndarray, fake: np.ndarray
) -> dict[str, float]:
    nearest_k = MetricSettings().sizes(len(real), len(fake)).nearest_k
    found = neighbors.prdc(real, fake, nearest_k)
    return {"precision": found.precision, "recall": found.recall}
