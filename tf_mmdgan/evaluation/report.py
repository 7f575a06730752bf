"""Scores and what they depend on, as a file."""

import contextlib
import dataclasses
import importlib.metadata
import os
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

import tf_mmdgan
from tf_mmdgan import errors, files, published
from tf_mmdgan.evaluation import alike
from tf_mmdgan.metrics import Standing

NOTES = (
    "KID is given as it is, not times 100 or 1000. Its estimate is unbiased: "
    "it can be negative, and is so about half of the time where generated and "
    "real images have the same distribution.",
    "The KID to quote is that of kid_exact, over all pairs of images. "
    "kid_tfgan is kernel_classifier_distance_and_std of TF-GAN 2.1.0, in "
    "float64: a mean over blocks of images. What TF-GAN calls 'std' is an "
    "estimate of the standard error.",
    "FID grows as the number of images falls: compare FID of equal numbers of "
    "images only. fid_infinity is FID extrapolated to infinitely many "
    "generated images.",
    "gaussian_mmd2 is an unbiased estimate of MMD^2 with one Gaussian kernel, "
    "whose width is sigma: by default the median distance between the "
    "features of real images.",
    "kid_standard_error is the standard error of the estimate of KID; "
    "kid_subset_std is the standard deviation of KID over subsets or blocks of "
    "images. null stands for a number that is not defined.",
)


def installed_versions() -> dict[str, str]:
    """Versions of the packages that a score depends on."""
    versions = {
        "tf_mmdgan": tf_mmdgan.__version__,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
    }
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        versions["tensorflow_gan"] = importlib.metadata.version(
            "tensorflow-gan"
        )
    return versions


class NotWrittenError(errors.DataError):
    """A report that could not be written; `report` still has it."""

    def __init__(self, message: str, report: "Report"):
        super().__init__(message)
        self.report = report


@contextlib.contextmanager
def kept(report: "Report", flag: str) -> Iterator[None]:
    """Inside of it files are written; a failure does not lose the report.

    Args:
      report: what was found.
      flag: that says where files go.

    Raises:
      NotWrittenError: instead of OSError.
    """
    try:
        yield
    except OSError as error:
        raise NotWrittenError(
            f"{error.filename or flag} cannot be written ({error.strerror}): "
            f"name another place with {flag}.",
            report,
        ) from error


@dataclasses.dataclass(frozen=True, kw_only=True)
class Report:
    """Scores of fake images against real ones, or of one set alone.

        >>> report = tm.evaluate(run_dir="runs/digits", metrics="fid")
        >>> list(report.scores), report.num_real
        (['fid'], 500)

    Attributes:
      scores: for each metric, its named numbers.
      num_real: number of real images; None where only moments are known.
      num_fake: number of fake images; None where only moments are known, and
        without a second set.
      extractor: identifier of the feature extractor.
      real: where the real images come from; None without any.
      fake: where the fake images come from; None without any.
      seconds: how long scoring took.
      preprocessing: of "real" and "fake": what was done to the images before
        features were found in them.
      remarks: on the images, before the notes that every report has.
      unavailable: for each metric that was not named and cannot be had, why.
      settings: of the metrics, as `MetricSettings.described` returns them.
      spread: of the samples, as a part of that of real images, as
        `alike.relative_spread` returns it; None: it is not known.
      step: generator steps of the scored model; None for images.
      weights: of the scored model, "ema" (averaged) or "current"; None for
        images.
      classes: the numbers of each class, as `class_scores` returns them; None
        if they were not asked for.
      steps: scores of each kept step of a run by its number; None where one
        was scored.
      memorization: whether samples of a run are copies of its training images,
        as `memorized.look_for_copies` returns it; None: nobody has looked.
      baseline: the main scores of training images; None where they are not
        known.
      reproducible: for a trained run, whether the same command gives the same
        bits, and what must be equal for that.
      versions: versions of packages.
    """

    scores: Mapping[str, Mapping[str, float]]
    num_real: int | None
    num_fake: int | None
    extractor: str
    real: str | None
    fake: str | None
    seconds: float
    preprocessing: Mapping[str, str] = dataclasses.field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    unavailable: Mapping[str, str] = dataclasses.field(default_factory=dict)
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    spread: float | None = None
    step: int | None = None
    weights: str | None = None
    classes: Mapping[str, Mapping[str, float]] | None = None
    steps: Mapping[str, Mapping[str, Mapping[str, float]]] | None = None
    memorization: Mapping[str, Any] | None = None
    baseline: Mapping[str, Mapping[str, float]] | None = None
    reproducible: Mapping[str, Any] | None = None
    versions: Mapping[str, str] = dataclasses.field(
        default_factory=installed_versions
    )

    def remarked(self, *remarks: str) -> "Report":
        """The same, with more remarks; none is there twice."""
        every = tuple(dict.fromkeys(self.remarks + remarks))
        return dataclasses.replace(self, remarks=every)

    @property
    def warning(self) -> str | None:
        """What is to be told of samples that are nearly all alike."""
        return alike.warning(self.spread, trained=self.step is not None)

    def warn(self) -> None:
        """Warns of samples that are nearly all alike."""
        if self.warning:
            errors.warn(f"{self.fake}: {self.warning}", stacklevel=3)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON has it; NaN and infinity become None."""
        told = files.finite(dataclasses.asdict(self))
        first = [self.warning] if self.warning else []
        return told | {"notes": [*first, *told.pop("remarks"), *NOTES]}

    def write(self, path: str | os.PathLike[str]) -> None:
        """Writes the report as JSON, atomically, without absolute paths."""
        files.write_json(path, published.without_places(self.to_dict()))


class StepScores(NamedTuple):
    """What is found of a model while it trains.

    Attributes:
      numbers: by their names in the log.
      standing: by which it is compared with other steps; None for too few
        images.
    """

    numbers: Mapping[str, float]
    standing: Standing | None = None

    @classmethod
    def of(
        cls,
        scores: Mapping[str, Mapping[str, float]],
        kid: Mapping[str, float],
        standing: Standing | None = None,
    ) -> "StepScores":
        """Of scores by their metrics.

        Args:
          scores: of the metric kid_tfgan, whose numbers begin with its name in
            the log, and of fid, if there is one.
          kid: what is known of KID over all pairs, which is `kid` in the log.
          standing: as above.
        """
        by_tfgan = {
            f"kid_tfgan{name.removeprefix('kid')}": number
            for name, number in scores["kid_tfgan"].items()
        }
        return cls({**kid, **scores.get("fid", {}), **by_tfgan}, standing)
