"""Metrics by name: real and fake features in, named numbers out.

To add a metric, write a function here (or import one) and give it a line in
`METRICS`. Its keyword arguments are its settings; `score` passes each setting
to the metrics that name it.
"""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tf_mmdgan import errors
from tf_mmdgan.evaluation import kid, tfgan

Metric = Callable[..., dict[str, float]]


def kid_tfgan(
    real: np.ndarray, fake: np.ndarray, max_block_size: int = 1024
) -> dict[str, float]:
    """KID by TF-GAN's `kernel_classifier_distance_and_std`, raw.

    See `tfgan.kid_and_std`.
    """
    value, standard_error = tfgan.kid_and_std(real, fake, max_block_size)
    return {"kid": value, "kid_standard_error": standard_error}


def kid_blocks(
    real: np.ndarray, fake: np.ndarray, max_block_size: int = 1024
) -> dict[str, float]:
    """KID in blocks, raw; the same numbers as `kid_tfgan`. See `kid.kid`."""
    return _numbers(kid.kid(real, fake, "blocks", max_block_size))


def kid_subsets(
    real: np.ndarray,
    fake: np.ndarray,
    num_subsets: int = 100,
    subset_size: int = 1000,
    seed: int = 0,
) -> dict[str, float]:
    """KID over random subsets, as published, raw. See `kid.kid`."""
    return _numbers(
        kid.kid(
            real,
            fake,
            "subsets",
            num_subsets=num_subsets,
            subset_size=subset_size,
            seed=seed,
        )
    )


def kid_exact(real: np.ndarray, fake: np.ndarray) -> dict[str, float]:
    """KID over all pairs, raw, with analytic error. See `kid.kid`."""
    return _numbers(kid.kid(real, fake, "exact"))


def _numbers(value: kid.KID) -> dict[str, float]:
    return {
        "kid": value.mean,
        "kid_standard_error": value.standard_error,
        "kid_subset_std": value.subset_std,
    }


def score(
    real: np.ndarray,
    fake: np.ndarray,
    metrics: Iterable[str],
    **settings: Any,
) -> dict[str, dict[str, float]]:
    """Computes several metrics of one pair of features.

    Args:
      real: features, [n, d].
      fake: features, [m, d].
      metrics: names in `METRICS`.
      **settings: such as `max_block_size` and `subset_size`; each goes to the
        metrics that name it.

    Returns:
      For each metric its named numbers, in the order of `metrics`.

    Raises:
      UsageError: for an unknown metric, or a setting that no metric has.
      DataError: for features that cannot be scored.
    """
    chosen = {name: errors.pick(METRICS, name, "metric") for name in metrics}
    known = {
        setting: None for metric in METRICS.values()
        for setting in _settings(metric)
    }  # fmt: skip
    for setting in settings:
        errors.pick(known, setting, "setting of the metrics")
    return {
        name: metric(
            real,
            fake,
            **{key: settings[key] for key in _settings(metric) & set(settings)},
        )
        for name, metric in chosen.items()
    }


def _settings(metric: Metric) -> set[str]:
    return set(inspect.signature(metric).parameters) - {"real", "fake"}


METRICS: dict[str, Metric] = {
    "kid_tfgan": kid_tfgan,
    "kid_blocks": kid_blocks,
    "kid_subsets": kid_subsets,
    "kid_exact": kid_exact,
}
