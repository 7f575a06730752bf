"""How many modes of a known mixture the samples reach, and how well."""

import dataclasses

import numpy as np

from tf_mmdgan import errors

COVERED_SHARE = 0.2


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModeCoverage:
    """How well samples cover a mixture of k equal, round Gaussians.

    Attributes:
      modes_covered: number of centres that are covered; 0 to k. A centre is
        covered if it is the nearest one to at least n / (5 k) high-quality
        samples, a fifth of its fair share.
      high_quality: share of the samples that lie within `within` standard
        deviations of their nearest centre. In two dimensions, at 3 standard
        deviations, the mixture itself has 1 - exp(-9 / 2) = .989.
      occupancy_tv: how unequally all samples are divided between the centres:
        total variation distance between the shares of samples nearest to each
        centre and equal shares; 0 to 1 - 1 / k.
    """

    modes_covered: int
    high_quality: float
    occupancy_tv: float


def mode_coverage(
    samples: np.ndarray,
    centres: np.ndarray,
    std: float,
    within: float = 3.0,
) -> ModeCoverage:
    """Counts the modes among samples [n, d], given their centres [k, d].

    `high_quality` is that of A. Srivastava et al., "VEEGAN", NeurIPS 2017,
    section 5.1, arXiv:1705.07761. There a single such sample makes a mode
    count, so that more samples find more modes; a fifth of a fair share does
    not depend on the number of samples.

    Args:
      samples: finite numbers.
      centres: finite numbers.
      std: of every Gaussian, in each direction, > 0.
      within: > 0.

    Raises:
      ValueError: for another rank, unequal widths, no rows, or a number that
        is not > 0.
      DataError: for samples that are not finite.
    """
    samples = np.asarray(samples, np.float64)
    centres = np.asarray(centres, np.float64)
    for name, points in (("samples", samples), ("centres", centres)):
        if points.ndim != 2 or not points.size:
            raise ValueError(f"{name} of shape {points.shape}: need [n, d].")
    if samples.shape[1] != centres.shape[1]:
        raise ValueError(
            f"samples of width {samples.shape[1]}, centres of width "
            f"{centres.shape[1]}: need equal widths."
        )
    if not (std > 0 and within > 0):
        raise ValueError(f"std={std}, within={within}: both must be > 0.")
    broken = ~np.isfinite(samples).all(axis=1)
    if broken.any():
        raise errors.DataError(
            f"{broken.sum()} of {len(samples)} samples are not finite: score "
            "a generator from before it diverged."
        )
    differences = samples[:, None] - centres
    distances = np.sqrt(np.square(differences).sum(axis=2))
    nearest = distances.argmin(axis=1)
    good = distances.min(axis=1) <= within * std
    fair = len(samples) / len(centres)
    counts = np.bincount(nearest[good], minlength=len(centres))
    occupancy = np.bincount(nearest, minlength=len(centres)) / len(samples)
    return ModeCoverage(
        modes_covered=int((counts >= COVERED_SHARE * fair).sum()),
        high_quality=float(good.mean()),
        occupancy_tv=float(0.5 * np.abs(occupancy - 1 / len(centres)).sum()),
    )
