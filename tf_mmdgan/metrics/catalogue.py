"""Metrics by name: real and fake features in, named numbers out.

To add a metric, write a function here and give it a line in `METRICS`. Of the
arguments `real`, `fake` (features) and `fake_probabilities` (of classes) it
takes those that it needs; the others are its settings, and `score` passes each
setting to the metrics that name it.
"""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tf_mmdgan import errors, kernels
from tf_mmdgan.metrics import (
    fid,
    gaussian_mmd,
    inception_score,
    kid,
    neighbors,
    parzen,
    tfgan,
)

Metric = Callable[..., dict[str, float]]

_INPUTS = ("real", "fake", "fake_probabilities")


def kid_tfgan(
    real: np.ndarray, fake: np.ndarray, max_block_size: int = 1024
) -> dict[str, float]:
    """KID by TF-GAN's `kernel_classifier_distance_and_std`, raw.

    See `tfgan.kid_and_std`.
    """
    value, standard_error = tfgan.kid_and_std(real, fake, max_block_size)
    return {"kid": value, "kid_standard_error": standard_error}


def kid_blocks(
    real: np.ndarray,
    fake: np.ndarray,
    max_block_size: int = 1024,
    kernel: kernels.Kernel | None = None,
) -> dict[str, float]:
    """KID in blocks, raw; the same numbers as `kid_tfgan`. See `kid.kid`."""
    return _numbers(
        kid.kid(real, fake, "blocks", max_block_size, kernel=kernel)
    )


def kid_subsets(
    real: np.ndarray,
    fake: np.ndarray,
    num_subsets: int = 100,
    subset_size: int = 1000,
    seed: int = 0,
    kernel: kernels.Kernel | None = None,
    dtype: str | None = None,
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
            kernel=kernel,
            dtype=dtype,
        )
    )


def kid_exact(
    real: np.ndarray,
    fake: np.ndarray,
    kernel: kernels.Kernel | None = None,
    dtype: str | None = None,
) -> dict[str, float]:
    """KID over all pairs, raw, with analytic error. See `kid.kid`."""
    value = kid.kid(real, fake, "exact", kernel=kernel, dtype=dtype)
    low, high = value.confidence_interval()
    return _numbers(value) | {
        "kid_confidence_low": low,
        "kid_confidence_high": high,
    }


def _numbers(value: kid.KID) -> dict[str, float]:
    return {
        "kid": value.mean,
        "kid_standard_error": value.standard_error,
        "kid_subset_std": value.subset_std,
    }


def _fid(real: np.ndarray, fake: np.ndarray) -> dict[str, float]:
    """FID. See `fid.fid`."""
    return {"fid": fid.fid(real, fake)}


def _fid_infinity(
    real: np.ndarray, fake: np.ndarray, seed: int = 0
) -> dict[str, float]:
    """FID for infinitely many fake samples. See `fid.fid_infinity`."""
    return {"fid_infinity": fid.fid_infinity(real, fake, seed=seed)}


def _gaussian_mmd(
    real: np.ndarray, fake: np.ndarray, sigma: float | None = None
) -> dict[str, float]:
    """MMD^2 with a Gaussian kernel. See `gaussian_mmd.gaussian_mmd`."""
    value = gaussian_mmd.gaussian_mmd(real, fake, sigma)
    return {
        "gaussian_mmd2": value.mmd2,
        "gaussian_mmd2_standard_error": value.standard_error,
        "sigma": value.sigma,
    }


def _prdc(
    real: np.ndarray, fake: np.ndarray, nearest_k: int = 5
) -> dict[str, float]:
    """Precision, recall, density, coverage. See `neighbors.prdc`."""
    return neighbors.prdc(real, fake, nearest_k)._asdict()


def _nearest_neighbor(real: np.ndarray, fake: np.ndarray) -> dict[str, float]:
    """Two-sample accuracy. See `neighbors.nearest_neighbor_accuracy`."""
    of_real, of_fake = neighbors.nearest_neighbor_accuracy(real, fake)
    return {
        "nearest_neighbor_accuracy": (of_real + of_fake) / 2.0,
        "nearest_neighbor_accuracy_real": of_real,
        "nearest_neighbor_accuracy_fake": of_fake,
    }


def _parzen(real: np.ndarray, fake: np.ndarray) -> dict[str, float]:
    """Log-likelihood of every second real row; see `parzen.parzen`.

    The rows between choose the bandwidth.
    """
    value = parzen.parzen(real[::2], real[1::2], fake)
    return {
        "parzen_log_likelihood": value.log_likelihood,
        "parzen_standard_error": value.standard_error,
        "parzen_sigma": value.sigma,
    }


def _inception_score(
    fake_probabilities: np.ndarray, num_splits: int = 10
) -> dict[str, float]:
    """Inception Score. See `inception_score.inception_score`."""
    value = inception_score.inception_score(fake_probabilities, num_splits)
    return {"inception_score": value.mean, "inception_score_std": value.std}


def score(
    real: np.ndarray,
    fake: np.ndarray,
    metrics: Iterable[str],
    fake_probabilities: np.ndarray | None = None,
    **settings: Any,
) -> dict[str, dict[str, float]]:
    """Computes several metrics of one pair of features.

    Args:
      real: features, [n, d].
      fake: features, [m, d].
      metrics: names in `METRICS`.
      fake_probabilities: class probabilities of the fake samples, [m, k], for
        the metrics that need them.
      **settings: such as `max_block_size` and `subset_size`; each goes to the
        metrics that name it.

    Returns:
      For each metric its named numbers, in the order of `metrics`.

    Raises:
      UsageError: for an unknown metric, a setting that no metric has, or a
        metric that needs probabilities where there are none.
      DataError: for features that cannot be scored.
    """
    metrics = list(metrics)
    for name in metrics:
        errors.pick(METRICS, name, "metric")
    known = dict.fromkeys(
        setting for metric in METRICS.values() for setting in _settings(metric)
    )
    for setting in settings:
        errors.pick(known, setting, "setting of the metrics")
    given = {"real": real, "fake": fake}
    if fake_probabilities is not None:
        given["fake_probabilities"] = fake_probabilities
    for name in metrics:
        if _classwise(name) and fake_probabilities is None:
            raise errors.UsageError(
                f"The metric {name} needs class probabilities, which this "
                "extractor does not give: leave it out, or choose another "
                "extractor."
            )
    given |= settings
    return {
        name: METRICS[name](
            **{
                key: given[key]
                for key in _parameters(METRICS[name]) & set(given)
            }
        )
        for name in metrics
    }


def choose(names: str | None, classifies: bool) -> tuple[str, ...]:
    """Metrics by names with commas between.

    "all" is all that can be had; None all of these that take no longer than
    extracting the features does.

    Args:
      names: in `METRICS`.
      classifies: whether there will be class probabilities.

    Raises:
      UsageError: for an unknown name.
    """
    if names not in (None, "all"):
        chosen = tuple(name.strip() for name in names.split(","))
        for name in chosen:
            errors.pick(METRICS, name, "metric")
        return chosen
    left_out = set() if names else _SLOW
    return tuple(
        name
        for name in METRICS
        if name not in left_out and (classifies or not _classwise(name))
    )


def _classwise(name: str) -> bool:
    return "fake_probabilities" in _parameters(METRICS[name])


def _parameters(metric: Metric) -> set[str]:
    return set(inspect.signature(metric).parameters)


def _settings(metric: Metric) -> set[str]:
    return _parameters(metric) - set(_INPUTS)


METRICS: dict[str, Metric] = {
    "kid_tfgan": kid_tfgan,
    "kid_blocks": kid_blocks,
    "kid_subsets": kid_subsets,
    "kid_exact": kid_exact,
    "fid": _fid,
    "fid_infinity": _fid_infinity,
    "gaussian_mmd": _gaussian_mmd,
    "prdc": _prdc,
    "nearest_neighbor": _nearest_neighbor,
    "inception_score": _inception_score,
    "parzen": _parzen,
}

_SLOW = {"fid_infinity", "parzen"}
