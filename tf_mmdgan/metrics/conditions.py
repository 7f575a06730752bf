"""What each metric needs, to be told before anything is extracted."""

from collections.abc import Callable
from typing import NamedTuple

from tf_mmdgan import errors
from tf_mmdgan.metrics import checks
from tf_mmdgan.metrics.settings import MetricSettings

_INFINITY = 20


class Counts(NamedTuple):
    """What is known of two sets before they are looked at."""

    real: int
    fake: int
    classifies: bool = True  # whether there are class probabilities

    @property
    def smaller(self) -> int:
        """Number of images in the smaller set."""
        return min(self.real, self.fake)


def missing(name: str, counts: Counts, settings: MetricSettings) -> str | None:
    """What a metric of `METRICS` lacks, and what to give; None for nothing.

    Of metrics from other modules nothing is known: None.
    """
    if counts.smaller < 2 and name in _CONDITIONS:
        return f"needs 2 images of each set, not {_both(counts)}"
    condition = _CONDITIONS.get(name)
    return condition(counts, settings) if condition else None


def _both(counts: Counts) -> str:
    return f"{counts.real} real and {counts.fake} generated ones"


def _blocks(counts: Counts, settings: MetricSettings) -> str | None:
    try:
        checks.block_bounds(counts.real, counts.fake, settings.max_block_size)
    except errors.DataError as error:
        return f"has too few images: {str(error).rstrip('.')}"
    return None


def _subsets(counts: Counts, settings: MetricSettings) -> str | None:
    size = settings.sizes(counts.real, counts.fake).subset_size
    if size <= counts.smaller:
        return None
    return (
        f"needs subset_size={size} images of each set, not {_both(counts)}: "
        "lower --subset_size"
    )


def _infinity(counts: Counts, settings: MetricSettings) -> str | None:
    del settings
    if counts.smaller >= _INFINITY:
        return None
    return f"needs {_INFINITY} images of each set, not {_both(counts)}"


def _neighbours(counts: Counts, settings: MetricSettings) -> str | None:
    nearest_k = settings.sizes(counts.real, counts.fake).nearest_k
    if nearest_k < counts.smaller:
        return None
    return (
        f"needs more than nearest_k={nearest_k} images of each set, not "
        f"{_both(counts)}: lower --nearest_k"
    )


def _classes(counts: Counts, settings: MetricSettings) -> str | None:
    if not counts.classifies:
        return (
            "needs class probabilities, which this extractor does not give: "
            "choose another extractor, or name its layer of logits"
        )
    num_splits = settings.sizes(counts.real, counts.fake).num_splits
    if num_splits <= counts.fake:
        return None
    return (
        f"needs one image for each of num_splits={num_splits} splits, not "
        f"{counts.fake}: lower --num_splits"
    )


def _parzen(counts: Counts, settings: MetricSettings) -> str | None:
    del settings
    if counts.real >= 4:
        return None
    return f"needs 4 real images, not {counts.real}"


def _nothing(counts: Counts, settings: MetricSettings) -> None:
    del counts, settings


_CONDITIONS: dict[str, Callable[[Counts, MetricSettings], str | None]] = {
    "kid_tfgan": _blocks,
    "kid_blocks": _blocks,
    "kid_subsets": _subsets,
    "kid_exact": _nothing,
    "fid": _nothing,
    "fid_infinity": _infinity,
    "gaussian_mmd": _nothing,
    "energy_distance": _nothing,
    "prdc": _neighbours,
    "nearest_neighbor": _nothing,
    "inception_score": _classes,
    "parzen": _parzen,
}
