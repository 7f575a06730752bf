"""Whether samples are nearly all alike, as those of a collapsed generator."""

import numpy as np

# Samples whose spread is a smaller part than this of that of real images are
# nearly all alike.
LEAST_SPREAD = 0.05
_ROWS = 1_000  # that are looked at together
_TO_TRY = (
    " The generator has collapsed, or was hardly trained. To try: more steps, "
    "lower learning rates (of an auto-encoder, critic_learning_rate=1e-4), "
    "another seed; for pictures in colour a recipe with a critic, such as "
    "pictures_small."
)


def relative_spread(real: np.ndarray, fake: np.ndarray) -> float | None:
    """The spread of samples, as a part of the spread of real images.

    The spread of a set is the standard deviation of each feature over the set,
    averaged over the features.

    Args:
      real: features of the real images [n, d].
      fake: features of the samples [m, d].

    Returns:
      About 1 where both are spread alike, 0 where all samples are equal; None
      where this says nothing: of fewer than two samples, and where all real
      images are equal.
    """
    if len(fake) < 2:
        return None
    return ratio(_deviations(real), _deviations(fake))


def ratio(real: np.ndarray, fake: np.ndarray) -> float | None:
    """The same, of the standard deviations of each feature, [d] and [d]."""
    whole = float(real.mean())
    return float(fake.mean()) / whole if whole > 0.0 else None


def _deviations(features: np.ndarray) -> np.ndarray:
    """The standard deviation of each feature, float64 [d]."""
    mean = features.mean(axis=0, dtype=np.float64)
    squares = np.zeros_like(mean)
    for first in range(0, len(features), _ROWS):
        part = features[first : first + _ROWS]
        squares += np.square(part - mean).sum(axis=0)
    return np.sqrt(squares / len(features))


def warning(spread: float | None, trained: bool) -> str | None:
    """What is to be told of samples that are nearly all alike.

    Args:
      spread: as `relative_spread` returns it.
      trained: whether they come of a run, which could be trained otherwise.

    Returns:
      None of samples whose spread is `LEAST_SPREAD` or more.
    """
    if spread is None or spread >= LEAST_SPREAD:
        return None
    told = (
        "The samples are nearly all alike: the mean standard deviation of "
        f"their features is {100.0 * spread:.2g} % of that of real images, "
        f"less than {100.0 * LEAST_SPREAD:g} %."
    )
    return told + _TO_TRY if trained else told
