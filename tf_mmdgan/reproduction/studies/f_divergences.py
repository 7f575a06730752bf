"""One Gaussian fitted to two, by each f-divergence: both modes, or one.

Nowozin, Cseke, Tomioka 2016, "f-GAN: Training generative neural samplers using
variational divergence minimization", section 4.1,
https://arxiv.org/abs/1606.00709.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.optimize
import tensorflow as tf

from tf_mmdgan.objectives import f_divergences
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

NAMES = {
    "kl": "KL(P, Q)",
    "pearson": "Pearson",
    "jeffrey": "Jeffrey",
    "squared_hellinger": "Hellinger²",
    "jensen_shannon": "Jensen-Shannon",
    "neyman": "Neyman",
    "reverse_kl": "KL(Q, P)",
}
_MODES = ((-2.0, 0.6, 0.6), (2.0, 0.4, 0.4))  # mean, std, weight
_GRID = np.linspace(-12.0, 12.0, 4001)
_STARTS = ((-2.0, 0.5), (0.0, 2.0), (2.0, 0.5))
_LEAST_STD = 0.2
_GAP = 1e-5


def target() -> np.ndarray:
    """The logarithm of p of the mixture, on the grid."""
    parts = [np.log(w) + _log_normal(m, s) for m, s, w in _MODES]
    return np.logaddexp(*parts)


def _log_normal(mean: float, std: float) -> np.ndarray:
    square = ((_GRID - mean) / std) ** 2
    return -0.5 * square - np.log(std * np.sqrt(2.0 * np.pi))


def _log_ratio(log_q: np.ndarray) -> np.ndarray:
    # Cut off where its powers would overflow; densities vanish there.
    return np.clip(target() - log_q, -300.0, 300.0)


def divergence(name: str, mean: float, std: float) -> float:
    """D_f(P, Q) of the mixture P and Q = N(mean, std^2), by quadrature."""
    log_q = _log_normal(mean, std)
    log_ratio = _log_ratio(log_q)
    formula = f_divergences.DIVERGENCES[name].generator
    values = np.exp(log_q) * formula(tf.constant(np.exp(log_ratio))).numpy()
    return float(np.trapezoid(values, _GRID))


def variational(name: str, mean: float, std: float) -> float:
    """E_P T - E_Q f*(T) at T = f'(p / q), which is the same number.

    It is computed from derivative and conjugate, not from the generator.
    """
    entry = f_divergences.DIVERGENCES[name]
    log_p, log_q = target(), _log_normal(mean, std)
    # The ratio is bounded for the critic: near the upper end of its domain the
    # conjugate loses all digits.
    ratio = tf.constant(np.exp(np.clip(log_p - log_q, -300.0, 30.0)))
    critic = entry.derivative(ratio)
    conjugate = entry.conjugate(critic).numpy()
    values = np.exp(log_p) * critic.numpy() - np.exp(log_q) * conjugate
    return float(np.trapezoid(values, _GRID))


def fit(name: str) -> dict[str, float]:
    """Mean and standard deviation of the best Gaussian, from three starts."""

    def loss(parameters: np.ndarray) -> float:
        mean, log_std = parameters
        std = np.exp(log_std)
        return np.log1p(divergence(name, mean, max(std, _LEAST_STD)))

    found = [
        scipy.optimize.minimize(
            loss, (mean, np.log(std)), method="Nelder-Mead",
            options={"xatol": 1e-5, "fatol": 1e-12},
        )
        for mean, std in _STARTS
    ]  # fmt: skip
    best = min(found, key=lambda result: result.fun)
    mean, std = float(best.x[0]), float(np.exp(best.x[1]))
    return {
        "mean": mean,
        "std": std,
        "divergence": divergence(name, mean, std),
        "variational": variational(name, mean, std),
    }


def moments() -> tuple[float, float]:
    """Mean and standard deviation of the mixture."""
    means, stds, weights = np.array(_MODES).T
    mean = weights @ means
    return mean, np.sqrt(weights @ (stds**2 + means**2) - mean**2)


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """The best Gaussian by each divergence."""
    del budget, parts  # quadrature
    return {"fits": {name: fit(name) for name in NAMES}}


def holds(numbers: Mapping[str, Any]) -> bool:
    """KL covers both modes, reverse KL sits on the first; bounds are tight."""
    fits = numbers["fits"]
    mean, std = moments()
    covering, seeking = fits["kl"], fits["reverse_kl"]
    gap = max(
        abs(f["variational"] - f["divergence"]) / max(1.0, f["divergence"])
        for f in fits.values()
    )
    return bool(
        abs(covering["mean"] - mean) < 0.01
        and abs(covering["std"] - std) < 0.01
        and abs(seeking["mean"] - _MODES[0][0]) < 0.1
        and abs(seeking["std"] - _MODES[0][1]) < 0.1
        and gap < _GAP
    )


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """The mixture, the best Gaussians, and their parameters."""
    left, right = figure.subplots(1, 2, width_ratios=[1.5, 1])
    density = np.exp(target())
    left.fill_between(_GRID, density, color="0.85", label="P, the mixture")
    for i, (name, label) in enumerate(NAMES.items()):
        found = numbers["fits"][name]
        density = np.exp(_log_normal(found["mean"], found["std"]))
        left.plot(_GRID, density, f"C{i}", label=label)
        right.errorbar(found["mean"], -i, xerr=found["std"], fmt=f"C{i}o")
    left.set(xlim=(-6, 6), xlabel="x", ylabel="density", title="Best Gaussians")
    left.legend(loc="upper right", fontsize=8)
    right.set_yticks(-np.arange(len(NAMES)), NAMES.values())
    right.set(xlabel="x", title="Mean and standard deviation")


def caption(numbers: Mapping[str, Any]) -> str:
    """The parameters."""
    rows = "; ".join(
        f"{label} {numbers['fits'][name]['mean']:.2f}, "
        f"{numbers['fits'][name]['std']:.2f}"
        for name, label in NAMES.items()
    )
    mean, std = moments()
    return (
        f"Mean and standard deviation of the best Gaussian: {rows}. Those of "
        f"the mixture are {mean:.2f} and {std:.2f}."
    )


STUDY: Study = Study(
    title="Divergences that cover modes, and that seek them",
    claim=(
        "A model that is too simple spreads over all modes when KL(P, Q) is "
        "minimised, and sits on one mode when KL(Q, P) is; the variational "
        "bound of an f-GAN is tight at the critic f'(p / q)."
    ),
    source=(
        "Nowozin, Cseke, Tomioka 2016, f-GAN, section 4.1; Isachenko, lectures "
        "on deep generative models 2022, lecture 11."
    ),
    threshold=(
        "mean and standard deviation by KL(P, Q) are those of the mixture up "
        "to 0.01, and those by KL(Q, P) those of the heavier mode up to 0.1; "
        "the bound equals the divergence up to 1e-5."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    size=(8.0, 4.0),
)
