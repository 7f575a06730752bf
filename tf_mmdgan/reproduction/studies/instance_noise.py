"""Noise on all points is, for little noise, a penalty on the critic's slope.

Roth, Lucchi, Nowozin, Hofmann 2017, "Stabilizing training of generative
adversarial networks through regularization", section 3,
https://arxiv.org/abs/1705.09367.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_mmdgan.objectives import f_divergences
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

_P = (0.0, 1.0)  # mean and standard deviation
_Q = (1.0, 1.2)
VARIANCES = (0.2, 0.1, 0.05, 0.02, 0.01)
NAMES = ("gan", "kl", "reverse_kl", "pearson", "squared_hellinger")
_GRID = np.linspace(-14.0, 16.0, 60_001)
_TOLERANCE = 0.001


def log_density(law: tuple[float, float], noise: float = 0.0) -> np.ndarray:
    """The logarithm of N(mean, std^2 + noise) on the grid."""
    mean, std = law
    variance = std**2 + noise
    return -((_GRID - mean) ** 2) / (2 * variance) - 0.5 * np.log(
        2 * np.pi * variance
    )


def integral(values: np.ndarray) -> float:
    """Integral of values on the grid, by the trapezoidal rule."""
    return float(np.trapezoid(values, _GRID))


def divergence(name: str, noise: float = 0.0) -> float:
    """D_f of the two laws, N(0, noise) added to both: the best critic's value.

    For "gan" that is 2 JS - log 4.
    """
    log_p, log_q = log_density(_P, noise), log_density(_Q, noise)
    formula = f_divergences.DIVERGENCES[name].generator
    ratio = np.exp(np.clip(log_p - log_q, -300.0, 300.0))
    return integral(np.exp(log_q) * formula(ratio).numpy())


def penalty(name: str) -> float:
    """Omega_f = E_Q f*''(T) T'(x)^2 at the best critic T = f'(p / q).

    As f*''(f'(u)) = 1 / f''(u), and T' = f''(u) u', that is E_Q f''(u) u'^2.
    """
    log_p, log_q = log_density(_P), log_density(_Q)
    ratio = np.exp(np.clip(log_p - log_q, -300.0, 300.0))
    (p_mean, p_std), (q_mean, q_std) = _P, _Q
    slope = (_GRID - q_mean) / q_std**2 - (_GRID - p_mean) / p_std**2
    weight = _second_derivative(name, ratio) * ratio**2
    return integral(np.exp(log_q) * weight * slope**2)


def _second_derivative(name: str, u: np.ndarray) -> np.ndarray:
    """f''(u) of each generator f."""
    formulas = {
        "gan": lambda: 1.0 / (u * (1.0 + u)),
        "kl": lambda: 1.0 / u,
        "reverse_kl": lambda: 1.0 / u**2,
        "pearson": lambda: np.full_like(u, 2.0),
        "squared_hellinger": lambda: 0.5 * u**-1.5,
    }
    return formulas[name]()


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """The penalty, and the change by noise over that by the penalty."""
    del budget, parts  # quadrature
    return {
        "penalty": {name: penalty(name) for name in NAMES},
        "ratio": {
            name: [
                (divergence(name, noise) - divergence(name))
                / (-noise / 2.0 * penalty(name))
                for noise in VARIANCES
            ]
            for name in NAMES
        },
    }


def holds(numbers: Mapping[str, Any]) -> bool:
    """Whether the ratio tends to 1, linearly in the noise."""
    noise = np.array(VARIANCES[-2:])
    limits = [
        np.polynomial.Polynomial.fit(noise, ratios[-2:], 1)(0.0)
        for ratios in numbers["ratio"].values()
    ]
    return bool(np.abs(np.array(limits) - 1.0).max() < _TOLERANCE)


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """The ratio against the variance of the noise."""
    axes = figure.subplots()
    for name, ratios in numbers["ratio"].items():
        axes.plot(VARIANCES, ratios, "o-", label=name.replace("_", " "))
    axes.axhline(1.0, color="0.6", ls="--")
    axes.set(
        xlabel="variance γ of the noise",
        ylabel="change of the divergence / (-γ Ω / 2)",
        xlim=(0, None),
        title="Noise on both laws against its penalty, N(0, 1) and N(1, 1.2²)",
    )
    axes.legend()


def caption(numbers: Mapping[str, Any]) -> str:
    """The ratios for the most and the least noise."""
    rows = ", ".join(
        f"{name.replace('_', ' ')} {ratios[0]:.4f} and {ratios[-1]:.4f}"
        for name, ratios in numbers["ratio"].items()
    )
    return (
        f"The ratio with a variance of {VARIANCES[0]} and of {VARIANCES[-1]}: "
        f"{rows}. Ω of the GAN is {numbers['penalty']['gan']:.5f}."
    )


STUDY: Study = Study(
    title="Instance noise is a gradient penalty",
    claim=(
        "Gaussian noise of a small variance γ on data and samples changes an "
        "f-divergence by -γ / 2 Ω, where Ω is the mean squared slope of the "
        "best critic, weighted by its curvature."
    ),
    source=(
        "Roth, Lucchi, Nowozin, Hofmann 2017, Stabilizing Training of "
        "Generative Adversarial Networks through Regularization, section 3."
    ),
    threshold=(
        "the ratio of both, extrapolated to no noise, is 1 up to "
        f"{_TOLERANCE} for five divergences."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    size=(7.0, 4.2),
)
