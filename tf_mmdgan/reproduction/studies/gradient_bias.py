"""Gradients of distances: unbiased for a fixed critic, biased for the best.

Binkowski, Sutherland, Arbel, Gretton 2018, "Demystifying MMD GANs", section 3
and appendices B and C, https://arxiv.org/abs/1801.01401.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.optimize
import scipy.stats
import tensorflow as tf

from tf_mmdgan import kernels, mmd
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

_BATCH = 4
_SHIFT = 1.0  # of Q = N(shift, 1) from P = N(0, 1), sigma = 1
_SIZES = (1, 4, 16, 64)
_DEGREES = (1, 2, 4, 8, 16, 32, 64)
_ERRORS = 4.0  # standard errors


def population(shift: float = _SHIFT) -> tuple[float, float]:
    """MMD^2 of N(0, 1) and N(shift, 1), and its derivative.

    2 / sqrt(3) (1 - exp(-shift^2 / 6)), with a Gaussian kernel of sigma 1.
    """
    bump = np.exp(-(shift**2) / 6.0)
    slope = 2.0 / np.sqrt(3.0) * bump * shift / 3.0
    return 2.0 / np.sqrt(3.0) * (1.0 - bump), slope


def minibatch_gradients(draws: int, seed: int) -> dict[str, np.ndarray]:
    """Gradients of two estimates with respect to the shift, by minibatch."""
    kernel = kernels.Gaussian((1.0,))

    def gradients(noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape(persistent=True) as tape:
            shift = tf.constant(_SHIFT, tf.float64)
            tape.watch(shift)
            grams = mmd.gram_matrices(kernel, noise[0], noise[1] + shift)
            unbiased = mmd.mmd2_unbiased(grams)
            root = tf.sqrt(mmd.mmd2_biased(grams))
        return tape.gradient(unbiased, shift), tape.gradient(root, shift)

    noise = np.random.default_rng(seed).normal(size=(draws, 2, _BATCH, 1))
    unbiased, root = tf.function(
        lambda given: tf.map_fn(
            gradients,
            given,
            fn_output_signature=(tf.float64, tf.float64),
            parallel_iterations=1,
        )
    )(tf.constant(noise))
    return {"unbiased": unbiased.numpy(), "root": root.numpy()}


def expected_estimate(theta: np.ndarray, size: int) -> np.ndarray:
    """Expected estimate of the distance, by the best critic on `size` points.

    P = N(0, 1), Q = N(theta, 1), and critics are psi x with |psi| <= 1. The
    sign of the best psi is that of the difference of means on the training
    points, so that the estimate on other points is on average

    theta (2 Phi(theta sqrt(size / 2)) - 1), at most |theta|.
    """
    chance = scipy.stats.norm.cdf(theta * np.sqrt(size / 2.0))
    return theta * (2.0 * chance - 1.0)


def simulated_estimate(
    theta: np.ndarray, size: int, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """`expected_estimate` by simulation; each estimate is on new points."""

    def difference() -> np.ndarray:
        means = rng.normal(size=(2, draws, 1)) / np.sqrt(size)
        return theta + means[0] - means[1]

    return (np.sign(difference()) * difference()).mean(axis=0)


def polynomial_error(degree: int, points: int = 801) -> float:
    """How near a polynomial of this degree can come to |a - 1/2| on [0, 1].

    The least possible of the largest distances, by a linear program in
    Chebyshev polynomials, on a grid that is fine where they oscillate.
    """
    x = np.cos(np.linspace(0.0, np.pi, points))  # 2 a - 1
    basis = np.polynomial.chebyshev.chebvander(x, degree)
    target = np.abs(x) / 2.0
    bound = np.ones((points, 1))
    found = scipy.optimize.linprog(
        np.r_[np.zeros(degree + 1), 1.0],
        A_ub=np.block([[basis, -bound], [-basis, -bound]]),
        b_ub=np.r_[target, -target],
        bounds=[(None, None)] * (degree + 1) + [(0.0, None)],
    )
    return float(found.fun)


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """The three parts: fixed critic, best critic, polynomials."""
    del parts
    seed = budget.seeds[0]
    value, slope = population()
    found = minibatch_gradients(budget.steps(40_000, 4000), seed)
    theta = np.linspace(-1.5, 1.5, 61)
    rng = np.random.default_rng(seed)
    draws = budget.steps(40_000, 4000)
    return {
        "population_gradient": slope,
        "root_gradient": slope / (2.0 * np.sqrt(value)),
        "gradients": {
            name: {
                "mean": np.mean(values),
                "error": np.std(values) / np.sqrt(len(values)),
                "histogram": np.histogram(values, 60, (-1.5, 1.5))[0],
            }
            for name, values in found.items()
        },
        "theta": theta,
        "simulated": {
            n: simulated_estimate(theta, n, draws, rng) for n in _SIZES
        },
        "largest_miss": max(
            np.abs(
                simulated_estimate(theta, n, draws, rng)
                - expected_estimate(theta, n)
            ).max()
            * np.sqrt(draws * n / (2.0 + n * 1.5**2))
            for n in _SIZES
        ),
        "polynomials": {d: polynomial_error(d) for d in _DEGREES},
    }


def holds(numbers: Mapping[str, Any]) -> bool:
    """All four statements of the threshold."""
    unbiased, root = (numbers["gradients"][n] for n in ("unbiased", "root"))
    misses = [
        (unbiased["mean"] - numbers["population_gradient"]) / unbiased["error"],
        (root["mean"] - numbers["root_gradient"]) / root["error"],
    ]
    theta = np.array(numbers["theta"])
    below = all(
        np.all(np.abs(theta) - expected_estimate(theta, n) >= -1e-12)
        for n in _SIZES
    )
    return bool(
        abs(misses[0]) < _ERRORS
        and abs(misses[1]) > _ERRORS
        and below
        and numbers["largest_miss"] < _ERRORS
        and min(numbers["polynomials"].values()) > 1e-3
    )


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """The three parts, side by side."""
    left, middle, right = figure.subplots(1, 3, width_ratios=[1, 1.2, 1])
    found = numbers["gradients"]["unbiased"]
    edges = np.linspace(-1.5, 1.5, 61)
    left.stairs(found["histogram"], edges, fill=True, color="0.8")
    left.axvline(found["mean"], lw=3, label="their mean")
    left.axvline(
        numbers["population_gradient"], color="C1", ls="--", label="population"
    )
    left.set(
        title=f"Fixed kernel: gradients of\nMMD² on {_BATCH} + {_BATCH} points",
        xlabel="derivative with respect to the shift",
        ylabel="minibatches",
        ylim=(0, 1.35 * max(found["histogram"])),
    )
    left.legend(loc="upper left")

    theta = np.array(numbers["theta"])
    for n in _SIZES:
        (line,) = middle.plot(theta, expected_estimate(theta, n), label=f"{n}")
        points = np.array(numbers["simulated"][str(n)])
        middle.plot(theta[::4], points[::4], ".", color=line.get_color(), ms=5)
    middle.plot(theta, np.abs(theta), "k--", label="distance |θ|")
    middle.set(
        title="Best linear critic of n points:\nexpected estimate",
        xlabel="θ, shift of Q",
    )
    middle.legend(title="n (dots: simulated)", fontsize=8)

    degrees = [int(degree) for degree in numbers["polynomials"]]
    right.loglog(degrees, list(numbers["polynomials"].values()), "o-")
    right.set(
        title="|α - 1/2| is no polynomial:\ndistance of the best one",
        xlabel="degree: points of an estimator",
        ylabel="largest error on [0, 1]",
    )
    ticks = degrees[::2]
    right.set_xticks(ticks, map(str, ticks))
    right.minorticks_off()


def caption(numbers: Mapping[str, Any]) -> str:
    """The means, and the approximation errors."""
    unbiased, root = (numbers["gradients"][n] for n in ("unbiased", "root"))
    errors = ", ".join(
        f"{error:.3f} at degree {degree}"
        for degree, error in numbers["polynomials"].items()
    )
    return (
        f"With a fixed kernel the mean gradient is {unbiased['mean']:.4f} "
        f"(standard error {unbiased['error']:.4f}), that of the population "
        f"{numbers['population_gradient']:.4f}; the root of the V-statistic "
        f"has {root['mean']:.4f} ({root['error']:.4f}) instead of "
        f"{numbers['root_gradient']:.4f}. A critic that is the best on n "
        "points underestimates the distance on others, most where both laws "
        "are alike, so that its gradient vanishes there. The distance of a "
        "mixture from its middle is |α - 1/2|, whereas the expectation of any "
        f"estimator from m points is a polynomial of degree m in α: {errors}."
    )


STUDY: Study = Study(
    title="Biased and unbiased gradients",
    claim=(
        "With a fixed critic, minibatch gradients of MMD² are unbiased; with a "
        "critic optimised on a sample, estimates of any integral probability "
        "metric are biased downwards, and so are gradients; no unbiased "
        "estimator exists."
    ),
    source=(
        "Binkowski, Sutherland, Arbel, Gretton 2018, Demystifying MMD GANs, "
        "section 3 and appendices; Bickel and Lehmann 1969."
    ),
    threshold=(
        f"within {_ERRORS:.0f} standard errors the mean gradient of the "
        "U-statistic is that of the population, and that of the root of the "
        "V-statistic is not; simulated estimates of the best critic are their "
        "closed form, which is at most the distance; and no polynomial up to "
        "degree 64 comes within 0.001 of the distance."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    size=(8.5, 3.6),
)
