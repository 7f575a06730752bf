"""Constrained MMDs by maximisation over a span, in NumPy, Gaussian kernel."""

import numpy as np


def jets(width, u, v):
    """k(u, v), its gradient by v, by u, and mixed Hessian: [1 + d, 1 + d]."""
    d = (u - v) / width**2
    k = np.exp(-((u - v) ** 2).sum() / (2 * width**2))
    mixed = np.eye(len(u)) / width**2 - np.outer(d, d)
    return k * np.block([[np.ones((1, 1)), d[None]], [-d[:, None], mixed]])


def matrix(width, a, b):
    """Of all pairs: [n, 1 + d, m, 1 + d]."""
    pairs = np.array([[jets(width, u, v) for v in b] for u in a])
    return pairs.transpose(0, 2, 1, 3)


class Span:
    """Functions sum_j a_j k(c_j, .) + <b_j, d k(c_j, .)>, c all points.

    Gradients are by the points' own pixels where `jacobians` [M, p, d] of their
    features by pixels are given.
    """

    def __init__(self, width, real, fake, points, jacobians=None):
        centres = np.concatenate([real, fake, points])
        n, p = centres.shape
        gram = matrix(width, centres, centres)
        means = np.repeat([1 / len(real), -1 / len(fake)],
                          [len(real), len(fake)])  # fmt: skip
        self.gram = gram.reshape(n * (1 + p), -1)
        self.goal = np.einsum(
            "iaj,j->ia", gram[..., : len(means), 0], means
        ).ravel()
        at_points = gram[:, :, -len(points) :].reshape(n * (1 + p), -1, 1 + p)
        self.values = at_points[:, :, 0]
        self.slopes = at_points[:, :, 1:]
        if jacobians is not None:
            self.slopes = np.einsum("fmp,mpd->fmd", self.slopes, jacobians)

    def best(self, ridge, value_weights, slope_weights):
        """max goal^2 under value and slope constraints + ridge ||f||^2."""
        form = ridge * self.gram
        form = form + (self.values * value_weights) @ self.values.T
        form = form + np.einsum(
            "fmd,m,gmd->fg", self.slopes, slope_weights, self.slopes
        )
        best = np.linalg.lstsq(form, self.goal, rcond=1e-14)[0]
        return self.goal @ best, best


def gradient_constrained(
    width, real, fake, points, ridge, jacobians=None, values=True
):
    """The squared distance."""
    uniform = np.full(len(points), 1 / len(points))
    span = Span(width, real, fake, points, jacobians)
    return span.best(ridge, uniform * values, uniform)[0]
