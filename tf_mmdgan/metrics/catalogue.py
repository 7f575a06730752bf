"""Metrics by name: real and fake features in, named numbers out.

To add a metric, write a function `(real, fake, settings)` here and give it a
line in `METRICS`. It gets features, [n, d] and [m, d]; if its name is also in
`_OF_CLASSES`, class probabilities, [n, k] and [m, k]. Outside of the package it
is a `Metric`, or a function too.

    >>> real, fake = np.eye(4), 3.0 * np.eye(4)
    >>> round(tm.METRICS["fid"](real, fake)["fid"], 4)
    5.0
"""

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from tf_mmdgan import errors
from tf_mmdgan.config.catalogue import Catalogue
from tf_mmdgan.config.expressions import Family
from tf_mmdgan.config.spelling import text
from tf_mmdgan.features import Extracted
from tf_mmdgan.metrics import (
    checks,
    energy,
    fid,
    gaussian_mmd,
    inception_score,
    kid,
    neighbors,
    parzen,
    tfgan,
)
from tf_mmdgan.metrics.conditions import Counts, missing
from tf_mmdgan.metrics.degenerate import warn_of_degenerate
from tf_mmdgan.metrics.metric import Numbers, computed
from tf_mmdgan.metrics.settings import USUAL, MetricSettings

# (real, fake, settings) -> numbers; other arguments are settings by name.
_Function = Callable[..., Mapping[str, float]]


def _kid_tfgan(
    real: np.ndarray, fake: np.ndarray, settings: MetricSettings = USUAL
) -> Numbers:
    """KID by TF-GAN's `kernel_classifier_distance_and_std`, raw.

    See `tfgan.kid_and_std`.
    """
    value, standard_error = tfgan.kid_and_std(
        real, fake, settings.max_block_size
    )
    return {"kid": value, "kid_standard_error": standard_error}


def _kid_blocks(
    real: np.ndarray, fake: np.ndarray, settings: MetricSettings = USUAL
) -> Numbers:
    """KID in blocks, raw: the numbers of `kid_tfgan`. See `kid.kid`."""
    return _kid_numbers(
        kid.kid(
            real,
            fake,
            "blocks",
            max_block_size=settings.max_block_size,
            kernel=settings.kernel,
        )
    )


def _kid_subsets(
    real: np.ndarray, fake: np.ndarray, settings: MetricSettings = USUAL
) -> Numbers:
    """KID over random subsets, as published, raw. See `kid.kid`."""
    return _kid_numbers(
        kid.kid(
            real,
            fake,
            "subsets",
            num_subsets=settings.num_subsets,
            subset_size=settings.sizes(len(real), len(fake)).subset_size,
            seed=settings.seed,
            kernel=settings.kernel,
            dtype=settings.dtype,
        )
    )


def _kid_exact(
    real: np.ndarray, fake: np.ndarray, settings: MetricSettings = USUAL
) -> Numbers:
    """KID over all pairs, raw, with an analytic error. See `kid.kid`."""
    value = kid.kid(
        real, fake, "exact", kernel=settings.kernel, dtype=settings.dtype
    )
    low, high = value.confidence_interval()
    return _kid_numbers(value) | {
        "kid_confidence_low": low,
        "kid_confidence_high": high,
    }


def _kid_numbers(value: kid.KID) -> Numbers:
    return {
        "kid": value.mean,
        "kid_standard_error": value.standard_error,
        "kid_subset_std": value.subset_std,
    }


def _fid(
    real: np.ndarray, fake: np.ndarray, settings: MetricSettings = USUAL
) -> Numbers:
    """FID. See `fid.fid`."""
    del settings
    return {"fid": fid.fid(real, fake)}


def _fid_infinity(
    real: np.ndarray, fake: np.ndarray, settings: MetricSettings = USUAL
) -> Numbers:
    """FID for infinitely many fake samples. See `fid.fid_infinity`."""
    value = fid.fid_infinity(real, fake, seed=settings.seed)
    return {"fid_infinity": value}


def _gaussian_mmd(
    real: np.ndarray, fake: np.ndarray, settings: MetricSettings = USUAL
) -> Numbers:
    """MMD^2 with a Gaussian kernel. See `gaussian_mmd.gaussian_mmd`."""
    value = gaussian_mmd.gaussian_mmd(real, fake, settings.sigma)
    return {
        "gaussian_mmd2": value.mmd2,
        "gaussian_mmd2_standard_error": value.standard_error,
        "sigma": value.sigma,
    }


def _energy_distance(
    real: np.ndarray, fake: np.ndarray, settings: MetricSettings = USUAL
) -> Numbers:
    """Energy distance with a p-value. See `energy.energy_distance`."""
    value = energy.energy_distance(real, fake, settings.seed)
    return {
        f"energy_{name}": number for name, number in value._asdict().items()
    }


def _prdc(
    real: np.ndarray, fake: np.ndarray, settings: MetricSettings = USUAL
) -> Numbers:
    """Precision, recall, density, coverage. See `neighbors.prdc`."""
    nearest_k = settings.sizes(len(real), len(fake)).nearest_k
    return neighbors.prdc(real, fake, nearest_k)._asdict()


def _nearest_neighbor(
    real: np.ndarray, fake: np.ndarray, settings: MetricSettings = USUAL
) -> Numbers:
    """Two-sample accuracy. See `neighbors.nearest_neighbor_accuracy`."""
    del settings
    of_real, of_fake = neighbors.nearest_neighbor_accuracy(real, fake)
    return {
        "nearest_neighbor_accuracy": (of_real + of_fake) / 2.0,
        "nearest_neighbor_accuracy_real": of_real,
        "nearest_neighbor_accuracy_fake": of_fake,
    }


def _parzen(
    real: np.ndarray, fake: np.ndarray, settings: MetricSettings = USUAL
) -> Numbers:
    """Log-likelihood of every second real row; see `parzen.parzen`.

    The rows between them choose the bandwidth.
    """
    del settings
    value = parzen.parzen(real[::2], real[1::2], fake)
    return {
        "parzen_log_likelihood": value.log_likelihood,
        "parzen_standard_error": value.standard_error,
        "parzen_sigma": value.sigma,
    }


def _inception_score(
    real: np.ndarray, fake: np.ndarray, settings: MetricSettings = USUAL
) -> Numbers:
    """Inception Score of fake alone. See `inception_score.inception_score`."""
    num_splits = settings.sizes(len(real), len(fake)).num_splits
    value = inception_score.inception_score(fake, num_splits)
    return {"inception_score": value.mean, "inception_score_std": value.std}


def score(
    real: Extracted,
    fake: Extracted,
    metrics: Iterable[object],
    settings: MetricSettings = USUAL,
) -> dict[str, Numbers]:
    """Computes several metrics of what was extracted from two sets of images.

    Args:
      real: what an extractor found in n real images.
      fake: what the same extractor found in m fake images.
      metrics: names of `METRICS`, expressions for functions of other modules,
        or functions.
      settings: of all metrics.

    Returns:
      For the text of each metric its named numbers, in the order of `metrics`.
      There is a warning of constant features, and of those on one line.

    Raises:
      UsageError: for an unknown metric, a setting that does not fit the number
        of images, or a metric that needs class probabilities where there are
        none.
      DataError: for features that cannot be scored.
    """
    errors.check_type("real", real, Extracted)
    errors.check_type("fake", fake, Extracted)
    chosen = {text(given): METRIC_FAMILY.get(given) for given in metrics}
    inputs = {
        name: _inputs(name, metric, real, fake)
        for name, metric in chosen.items()
    }
    _warn(real, fake)
    return {
        name: computed(metric, *inputs[name], settings)
        for name, metric in chosen.items()
    }


def _warn(real: Extracted, fake: Extracted) -> None:
    warn_of_degenerate("real", real.features)
    warn_of_degenerate("fake", fake.features)


def _inputs(
    name: str, metric: _Function, real: Extracted, fake: Extracted
) -> tuple[np.ndarray, np.ndarray]:
    """The rows of both sets that a metric compares."""
    if not getattr(metric, "of_classes", name in _OF_CLASSES):
        return real.features, fake.features
    if real.probabilities is None or fake.probabilities is None:
        raise errors.UsageError(
            f"The metric {name} needs class probabilities, which this "
            "extractor does not give: leave it out, or choose another "
            "extractor."
        )
    return real.probabilities, fake.probabilities


def score_available(
    real: Extracted,
    fake: Extracted,
    metrics: Iterable[object],
    settings: MetricSettings = USUAL,
) -> tuple[dict[str, Numbers], dict[str, str]]:
    """What `score` computes, of those metrics that can be had.

    Returns:
      The numbers of each metric, and why others cannot be had.

    Raises:
      UsageError: for an unknown metric.
      DataError: for features that no metric compares.
    """
    checks.check(real.features, fake.features, minimum=0)
    counts = Counts(
        len(real.features),
        len(fake.features),
        real.probabilities is not None and fake.probabilities is not None,
    )
    _warn(real, fake)
    scores: dict[str, Numbers] = {}
    unavailable: dict[str, str] = {}
    for given in metrics:
        name, metric = text(given), METRIC_FAMILY.get(given)
        reason = missing(name, counts, settings)
        if reason is not None:
            unavailable[name] = reason
            continue
        try:
            inputs = _inputs(name, metric, real, fake)
            scores[name] = computed(metric, *inputs, settings)
        except (errors.UsageError, errors.DataError) as error:
            unavailable[name] = str(error)
    return scores, unavailable


def score_alone(
    found: Extracted,
    metrics: Iterable[object],
    settings: MetricSettings = USUAL,
    kind: str = "fake",
) -> dict[str, Numbers]:
    """Computes metrics of what was extracted from a single set of images.

    Args:
      found: what an extractor found in the images.
      metrics: names of metrics that compare with nothing: inception_score.
      settings: of all metrics.
      kind: what warnings call the images, "real" or "fake".

    Raises:
      UsageError: for a metric that compares with real images, and without
        class probabilities.
      DataError: for features that cannot be scored.
    """
    chosen = [text(metric) for metric in metrics]
    for name in chosen:
        if name not in _OF_ONE_SET:
            raise errors.UsageError(
                f"The metric {name} compares with real images: name them by "
                f"--real. Without them there is {', '.join(_OF_ONE_SET)}."
            )
    warn_of_degenerate(kind, found.features)
    return {
        name: computed(
            METRICS[name],
            *_inputs(name, METRICS[name], found, found),
            settings,
        )
        for name in chosen
    }


METRICS: Catalogue[_Function] = Catalogue("metric", __doc__) | {
    "kid_exact": _kid_exact,
    "kid_tfgan": _kid_tfgan,
    "kid_blocks": _kid_blocks,
    "kid_subsets": _kid_subsets,
    "fid": _fid,
    "fid_infinity": _fid_infinity,
    "gaussian_mmd": _gaussian_mmd,
    "energy_distance": _energy_distance,
    "prdc": _prdc,
    "nearest_neighbor": _nearest_neighbor,
    "inception_score": _inception_score,
    "parzen": _parzen,
}

SLOW = {"fid_infinity", "parzen", "energy_distance"}
# Of these, what rows of a table are scored by all the same.
OF_ROWS = {"energy_distance"}
_OF_CLASSES = {"inception_score"}
_OF_ONE_SET = ("inception_score",)


METRIC_FAMILY: Family[_Function] = Family("metric", METRICS, Callable)
