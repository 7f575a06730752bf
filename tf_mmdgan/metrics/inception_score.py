"""The Inception Score, from class probabilities."""

from typing import NamedTuple

import numpy as np

from tf_mmdgan import errors


class InceptionScore(NamedTuple):
    """Mean and population standard deviation over splits.

    The mean is 1 to k, the number of classes.
    """

    mean: float
    std: float


def inception_score(
    probabilities: np.ndarray, num_splits: int = 10
) -> InceptionScore:
    """exp(E_x KL(p(y | x) || p(y))) of each split of the images.

    p(y) is the mean of p(y | x) over the split. Salimans et al. 2016, "Improved
    techniques for training GANs", https://arxiv.org/abs/1606.03498, section 4.
    Real images play no part in it: one perfect image of each class already has
    the highest possible score. Scores of different classifiers do not compare.

    Args:
      probabilities: p(y | x) of fake images, [m, k], each row of sum 1.
      num_splits: contiguous parts of nearly equal size.

    Returns:
      The score, with a warning if a split has fewer images than there are
      classes: it then cannot hold one of each.

    Raises:
      UsageError: for no split, or more splits than rows.
      DataError: for what is no matrix of probabilities.
    """
    rows = np.asarray(probabilities, np.float64)
    if rows.ndim != 2 or not len(rows) or rows.shape[1] < 2:
        raise errors.DataError(
            f"Class probabilities have shape {rows.shape}: need [m, k], of two "
            "classes or more."
        )
    if not np.allclose(rows.sum(axis=1), 1.0, atol=1e-3) or rows.min() < 0.0:
        raise errors.DataError(
            "Class probabilities must be 0 or more and sum to 1 in each row: "
            "are these logits, or NaN?"
        )
    if not 1 <= num_splits <= len(rows):
        raise errors.UsageError(
            f"num_splits={num_splits}: need 1 to {len(rows)}, the number of "
            "samples."
        )
    smallest, classes = len(rows) // num_splits, rows.shape[1]
    if smallest < classes:
        errors.warn(
            f"Inception score: splits of {smallest} images cannot hold one of "
            f"each of {classes} classes, so that the score is too low; give "
            "more images or fewer splits (num_splits).",
            stacklevel=2,
        )
    scores = [_score(part) for part in np.array_split(rows, num_splits)]
    return InceptionScore(float(np.mean(scores)), float(np.std(scores)))


def _score(rows: np.ndarray) -> float:
    # A class of probability 0 adds nothing, whatever its mean is.
    ratio = np.divide(
        rows, rows.mean(axis=0), out=np.ones_like(rows), where=rows > 0.0
    )
    return np.exp(np.mean(np.sum(rows * np.log(ratio), axis=1)))
