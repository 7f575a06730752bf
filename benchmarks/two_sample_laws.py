"""Pairs of samples for benchmarks/two_sample.py, by seed; NumPy alone.

Both interpreters of that benchmark import this, so that all tests see the same
samples. Each function returns x [n, d] and y [m, d].
"""

import numpy as np


def same(seed, n=20, m=20, width=2):
    """Two samples of one normal law."""
    rng = np.random.default_rng([seed, 1])
    return rng.normal(size=(n, width)), rng.normal(size=(m, width))


def shifted(seed, n=100, width=10):
    """Normal laws whose means differ by .18 in each of ten coordinates."""
    rng = np.random.default_rng([seed, 2])
    return rng.normal(size=(n, width)), rng.normal(size=(n, width)) + 0.18


def perturbed_uniforms(seed, n=150, bumps=3, height=0.8):
    """Uniform on [0, 1], and with so many waves on it, of random signs.

    1 + height sum_v s_v e G(bumps u - v),  G(t) = g(4 t - 1) - g(4 t - 3) on
    [0, 1], g(t) = exp(-1 / (1 - t^2)) on (-1, 1): Schrab et al. 2023, "MMD
    aggregated two-sample test", section 5.4, in one dimension.
    """
    rng = np.random.default_rng([seed, 3])
    signs = rng.choice([-1.0, 1.0], bumps)
    kept = np.empty(0)
    while len(kept) < n:
        u = rng.random(4 * n)
        cell = np.minimum((bumps * u).astype(int), bumps - 1)
        inside = 4 * (bumps * u - cell)
        wave = np.e * (_bump(inside - 1) - _bump(inside - 3))
        density = 1 + height * signs[cell] * wave
        kept = np.append(kept, u[rng.random(4 * n) * (1 + height) < density])
    return rng.random((n, 1)), kept[:n, None]


def _bump(t):
    inner = np.minimum(t**2, 1 - 1e-12)
    return np.where(t**2 < 1, np.exp(-1 / (1 - inner)), 0.0)


def blobs(seed, n=450):
    """Nine Gaussians on a grid; those of y are correlated, in x they are not.

    Liu et al. 2020, "Learning deep kernels for non-parametric two-sample
    tests", Blob-D: variances .03, covariances -.020 to -.026, 0, .020 to .026.
    """
    rng = np.random.default_rng([seed, 4])
    return _blob(rng, n, np.zeros(9)), _blob(rng, n, _covariances())


def _covariances():
    low = -0.02 - 0.002 * np.arange(4)
    return np.concatenate([low, [0.0], -low])


def _blob(rng, n, covariances):
    roots = np.stack(
        [np.linalg.cholesky([[0.03, c], [c, 0.03]]) for c in covariances]
    )
    centres = rng.integers(0, 3, (n, 2))
    own = roots[3 * centres[:, 0] + centres[:, 1]]
    return centres + np.einsum("nij,nj->ni", own, rng.normal(size=(n, 2)))


LAWS = {
    "same": same,
    "shifted": shifted,
    "perturbed_uniforms": perturbed_uniforms,
    "blobs": blobs,
}
