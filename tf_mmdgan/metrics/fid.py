"""The Frechet Inception Distance, from features or from their moments.

FID = |m1 - m2|^2 + Tr(S1 + S2 - 2 (S1 S2)^{1/2})

with means m and covariances S (divided by n - 1) of the features of real and
fake images: Heusel et al. 2017, "GANs trained by a two time-scale update rule",
https://arxiv.org/abs/1706.08500, eq. 6. All in float64.

Tr (S1 S2)^{1/2} needs no root of a matrix. With S1 = L L^T it is the sum of the
roots of the eigenvalues of the symmetric matrix L^T S2 L. If there are fewer
rows than features, S2 = Y^T Y is singular, and the trace is the sum of the
singular values of Y L.
"""

from typing import cast

import numpy as np
import scipy.linalg
from scipy.linalg import blas

from tf_mmdgan import errors
from tf_mmdgan.metrics import checks
from tf_mmdgan.metrics.moments import Moments

_INFINITY_SIZES = 15


def frechet_distance(real: Moments, fake: Moments) -> float:
    """FID of two pairs of moments; only rounding makes it negative.

    Raises:
      DataError: for moments of unequal or wrong shapes, or not finite ones.
    """
    for name, given in (("real", real), ("fake", fake)):
        _check(name, given)
    if real.mean.shape != fake.mean.shape:
        raise errors.DataError(
            f"real moments have width {len(real.mean)}, fake moments "
            f"{len(fake.mean)}: take both from the same extractor."
        )
    factor = _factor(real.covariance)
    trace = _trace_of_root(_congruent_of_lower(factor, fake.covariance))
    traces = np.trace(real.covariance) + np.trace(fake.covariance)
    return float(_squares(real.mean - fake.mean) + traces - 2.0 * trace)


def _check(name: str, given: Moments) -> None:
    """Raises DataError for moments of wrong shapes, or not finite ones."""
    mean, covariance = np.asarray(given.mean), np.asarray(given.covariance)
    if mean.ndim != 1 or covariance.shape != (len(mean), len(mean)):
        raise errors.DataError(
            f"{name} moments have shapes {mean.shape} and {covariance.shape}: "
            "need a mean [d] and a covariance [d, d]."
        )
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
        raise errors.DataError(
            f"{name} moments are NaN or infinite: the file or the samples that "
            "they come from are damaged."
        )
    # A direction of chance tells, faster than all pairs of entries.
    direction = np.random.default_rng(0).normal(size=len(mean))
    unequal = np.abs(covariance @ direction - direction @ covariance)
    variances = np.diag(covariance)
    limit = 1e-4 * variances.max(initial=0.0)
    if unequal.max(initial=0.0) > limit or variances.min(initial=0.0) < 0.0:
        raise errors.DataError(
            f"{name} moments have no covariance: it is not symmetric, or has a "
            "negative variance."
        )


def fid(real: np.ndarray, fake: np.ndarray) -> float:
    """FID of real [n, d] and fake [m, d] features.

    It is biased, the more so the smaller the sets are: two samples of n points
    from one Gaussian have an FID of about (d^2 + 5 d) / (2 n). Compare only
    scores of equal numbers of samples.

    Raises:
      DataError: see `checks.check`.
    """
    real, fake = checks.check(real, fake)
    return _Reference(real).distance(fake)


def fid_infinity(real: np.ndarray, fake: np.ndarray, seed: int = 0) -> float:
    """FID extrapolated to infinitely many fake samples.

    FID is computed on 15 random subsets of the fake samples, of m / 10 to m
    rows. A line is fitted to these values as a function of 1 / size; its value
    at 0 is returned. The bias that comes from the finite number of real samples
    stays. Chong and Forsyth 2020, "Effectively unbiased FID and Inception Score
    and where to find them", https://arxiv.org/abs/1911.07023, section 4,
    without their Sobol sequences.

    Args:
      real: finite features [n, d].
      fake: finite features [m, d], m >= 20.
      seed: of the subsets, an integer >= 0.

    Raises:
      UsageError: for another seed.
      DataError: see `checks.check`.
    """
    checks.at_least(0, seed=seed)
    real, fake = checks.check(real, fake, minimum=20)
    reference = _Reference(real)
    rng = np.random.default_rng(seed)
    sizes = np.linspace(len(fake) / 10, len(fake), _INFINITY_SIZES).astype(int)
    values = [
        reference.distance(fake[rng.permutation(len(fake))[:size]])
        for size in sizes
    ]
    return float(np.polynomial.Polynomial.fit(1.0 / sizes, values, 1)(0.0))


class _Reference:
    """Real features that many sets of fake features are compared with."""

    def __init__(self, real: np.ndarray):
        """Computes once what all distances share.

        The factor F, with F F^T the covariance, is triangular if there are more
        rows than features; else F is a multiple of the centred rows themselves.
        """
        rows, width = real.shape
        if rows > width:
            self._mean, covariance = Moments.of(real)
            self._trace = np.trace(covariance)
            self._factor = _factor(covariance)
            self._congruent = _congruent_of_lower
        else:
            self._mean, centred = _centre(real)
            self._trace = _squares(centred) / (rows - 1)
            self._factor = centred.T / np.sqrt(rows - 1)
            self._congruent = _congruent_of_any

    def distance(self, fake: np.ndarray) -> float:
        rows, width = fake.shape
        if rows > width:
            mean, covariance = Moments.of(fake)
            own = np.trace(covariance)
            root = _trace_of_root(self._congruent(self._factor, covariance))
        else:
            mean, centred = _centre(fake)
            own = _squares(centred) / (rows - 1)
            root = self._trace_of_few(centred)
        traces = self._trace + own
        return float(_squares(self._mean - mean) + traces - 2.0 * root)

    def _trace_of_few(self, centred: np.ndarray) -> float:
        """Tr (S1 S2)^{1/2}, with S2 of no more fake rows than features."""
        image = centred @ self._factor
        freedom = len(image) - 1
        if len(image) > image.shape[1]:
            return _trace_of_root(image.T @ image / freedom)
        values = np.linalg.svd(image, compute_uv=False)
        return values.sum() / np.sqrt(freedom)


def _centre(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean [d] of features [n, d], and their deviations from it, in float64."""
    mean = features.mean(axis=0, dtype=np.float64)
    return mean, features - mean


def _factor(covariance: np.ndarray) -> np.ndarray:
    """Lower triangular L with L L^T = covariance, [d, d]."""
    try:
        return scipy.linalg.cholesky(covariance, lower=True, check_finite=False)
    except np.linalg.LinAlgError:  # singular, or not to be told from it
        values, vectors = np.linalg.eigh(covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        upper = cast(np.ndarray, np.linalg.qr(root.T, mode="r"))
        return upper.T


def _congruent_of_any(factor: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """F^T S F."""
    return factor.T @ covariance @ factor


def _congruent_of_lower(
    factor: np.ndarray, covariance: np.ndarray
) -> np.ndarray:
    """L^T S L of a lower triangular L, in half the operations of `@`."""
    product = blas.dtrmm(1.0, factor, covariance.T, trans_a=True, lower=True)
    return blas.dtrmm(1.0, factor, product, side=True, lower=True)


def _trace_of_root(product: np.ndarray) -> float:
    """Sum of the roots of the eigenvalues of a symmetric matrix."""
    values = scipy.linalg.eigvalsh(product, check_finite=False)
    return np.sqrt(np.maximum(values, 0.0)).sum()


def _squares(values: np.ndarray) -> float:
    return np.vdot(values, values)
