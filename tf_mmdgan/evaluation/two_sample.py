"""Two-sample tests of what a configuration names, and what tells them apart."""

import dataclasses
import os
from typing import Any

import numpy as np

from tf_mmdgan import errors, files, mmd, published
from tf_mmdgan.config import TwoSampleConfig
from tf_mmdgan.evaluation import outputs
from tf_mmdgan.evaluation.sample_files import DrawRun, Sample, load_samples
from tf_mmdgan.evaluation.two_sample_page import render_page
from tf_mmdgan.features import FeatureExtractor
from tf_mmdgan.kernels import Kernel
from tf_mmdgan.metrics.kid_tests import NearerTest, nearer_test
from tf_mmdgan.metrics.trained_tests import TRAINED_TESTS
from tf_mmdgan.mmd import kernel_choice

# Rows by number in the outcome.
_LISTED = 10


@dataclasses.dataclass(frozen=True)
class TwoSampleFindings:
    """What a test of files found.

    Attributes:
      x: one sample.
      y: the other.
      test: of whether both come from one law.
      ranking: of the rows, by what tells the samples apart.
      extractor: of images; None for mere rows.
      than: a third sample, if there is one.
      nearer: which of y and the third is nearer to x; None without a third.
    """

    x: Sample
    y: Sample
    test: mmd.TwoSampleTest
    ranking: mmd.WitnessRanking
    extractor: FeatureExtractor | None
    than: Sample | None = None
    nearer: NearerTest | None = None

    def to_dict(self) -> dict[str, Any]:
        """The outcome as JSON has it."""
        outcome = {
            "x": self.x.source,
            "y": self.y.source,
            **self.test.to_dict(),
            "features": self.extractor and self.extractor.identifier,
            "telling_rows_of_x": _numbers(self.x, self.ranking.x_order),
            "telling_rows_of_y": _numbers(self.y, self.ranking.y_order),
        }
        if self.than is not None and self.nearer is not None:
            sides = {"x": self.y.source, "y": self.than.source, None: None}
            outcome |= {
                "than": self.than.source,
                "nearer": sides[self.nearer.nearer],
                "nearer_p_value": self.nearer.p_value,
                "mmd2_difference": self.nearer.difference,
                "mmd2_difference_standard_error": self.nearer.standard_error,
                "nearer_rows": self.nearer.num_rows,
            }
        return files.finite(outcome)

    def write(self, path: str | os.PathLike[str], shown: int) -> None:
        """Writes the outcome as JSON, and as a page beside it.

        Args:
          path: of the JSON file.
          shown: pictures, or rows, of each sample on the page.
        """
        outcome = published.without_places(self.to_dict())
        page = render_page(
            outcome, self.test.null, self.x, self.y, self.ranking, shown
        )
        outputs.write(path, outcome, page)


def compare(config: TwoSampleConfig, draw_run: DrawRun) -> TwoSampleFindings:
    """Tests the samples that a configuration names.

    Args:
      config: of the test.
      draw_run: images of a run, from its folder, how many there are to be, and
        a seed.

    Raises:
      UsageError: for unknown names, or settings that do not go together.
      DataError: for files that cannot be used.
    """
    _check(config)
    samples, extractor = load_samples(config, draw_run)
    x, y, *third = samples
    test = _run(config, x.rows, y.rows)
    kernel = kernel_choice.DEFAULT if test.kernel is None else test.kernel
    ranking = mmd.rank_by_witness(x.rows, y.rows, kernel)
    comparison = TwoSampleFindings(x, y, test, ranking, extractor)
    if not third:
        return comparison
    (than,) = third
    # Not the kernel of the test, which may have been chosen for x and y.
    fixed = _kernel(config) or kernel_choice.DEFAULT
    nearer = nearer_test(
        x.rows, y.rows, than.rows, fixed, config.level, config.seed
    )
    return dataclasses.replace(comparison, than=than, nearer=nearer)


def _check(config: TwoSampleConfig) -> None:
    """Refuses what does not go together, before anything is loaded."""
    errors.pick(
        {**mmd.TWO_SAMPLE_TESTS, **TRAINED_TESTS}, config.method, "method"
    )
    if config.kernel is not None:
        kernel_choice.parse(config.kernel)
    own = mmd.TWO_SAMPLE_TESTS.get(config.method)
    if config.kernel is not None and (own is None or own.spacing):
        raise errors.UsageError(
            f"--kernel is not for --method={config.method}, which finds its "
            "kernels itself."
        )
    if config.estimator is not None and config.method == "deep_kernel":
        raise errors.UsageError("--estimator is not for --method=deep_kernel.")


def _kernel(config: TwoSampleConfig) -> Kernel | str | None:
    """The kernel, which `_check` has found to be one, as tests take it."""
    given = config.kernel
    return given if isinstance(given, Kernel | None) else str(given)


def _run(
    config: TwoSampleConfig, x: np.ndarray, y: np.ndarray
) -> mmd.TwoSampleTest:
    settings: dict[str, Any] = {
        "num_permutations": config.num_permutations,
        "level": config.level,
        "seed": config.seed,
    }
    if config.estimator is not None:
        settings["estimator"] = config.estimator
    trained = TRAINED_TESTS.get(config.method)
    if trained is not None:
        return trained(x, y, **settings)
    kernel = _kernel(config)
    return mmd.two_sample_test(x, y, kernel, config.method, **settings)


def _numbers(sample: Sample, order: np.ndarray) -> list[int]:
    return sample.numbers[order[:_LISTED]].tolist()
