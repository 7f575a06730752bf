"""Density ratios by kernel mean matching depend on the ridge."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from tf_mmdgan import errors, kernels
from tf_mmdgan.objectives import density_ratio
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

# p = N(0, 1), q = N(.5, 1.2^2): E_q (p / q - 1)^2.
PEARSON = 0.1996
RIDGES = (0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)
COUNT = 100
REPETITIONS, QUICK_REPETITIONS = 200, 20
GOOD_RIDGE, GOOD_CORRELATION = 0.1, 0.75
_MEAN, _STD = 0.5, 1.2


def true_ratio(points: np.ndarray) -> np.ndarray:
    """The true p / q at points of the real line."""
    logs = 0.5 * np.square((points - _MEAN) / _STD) - 0.5 * np.square(points)
    return _STD * np.exp(logs)


def trial(seed: int, ridge: float) -> dict[str, float]:
    """The ratio from one hundred points of each law, sigma 1, in float32."""
    rng = np.random.default_rng(seed)
    p = rng.normal(size=(COUNT, 1)).astype(np.float32)
    q = (_MEAN + _STD * rng.normal(size=(COUNT, 1))).astype(np.float32)
    kernel = kernels.Gaussian((1.0,))
    qq, qp = kernel(q, q), kernel(q, p)
    try:
        ratio = density_ratio.density_ratio(qq, qp, ridge)
    except errors.UsageError:  # singular
        return {"correlation": 0.0, "pearson": np.inf, "mean": np.nan}
    return {
        "correlation": float(np.corrcoef(ratio, true_ratio(q[:, 0]))[0, 1]),
        "pearson": float(density_ratio.pearson_divergence(ratio)),
        "mean": float(tf.reduce_mean(ratio)),
    }


def compute(budget: Budget, parts: Parts) -> dict[str, Any]:
    """Quartiles over repetitions, for each ridge."""
    del parts
    count = budget.steps(REPETITIONS, QUICK_REPETITIONS)
    rows = []
    for ridge in RIDGES:
        trials = [trial(seed, ridge) for seed in range(count)]
        rows.append(
            {
                name: np.quantile(
                    [t[name] for t in trials], (0.25, 0.5, 0.75),
                    method="nearest",
                )
                for name in trials[0]
            }
        )  # fmt: skip
    return {"ridges": RIDGES, "quartiles": rows, "repetitions": count}


def _median(numbers: Mapping[str, Any], ridge: float, name: str) -> float:
    row = numbers["quartiles"][list(numbers["ridges"]).index(ridge)]
    value = row[name][1]
    return np.inf if value is None else value


def holds(numbers: Mapping[str, Any]) -> bool:
    """Whether only the ridge makes the ratio that of the laws."""
    good = _median(numbers, GOOD_RIDGE, "correlation")
    none = _median(numbers, 0.0, "correlation")
    return good > GOOD_CORRELATION and abs(none) < 0.5


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """Correlation with the true ratio, and the estimated divergence."""
    left, right = figure.subplots(1, 2)
    places = np.arange(len(RIDGES))
    rows = numbers["quartiles"]
    for axes, name in ((left, "correlation"), (right, "pearson")):
        low, middle, high = np.array([row[name] for row in rows], dtype=float).T
        axes.fill_between(places, low, high, color="C0", alpha=0.25)
        axes.plot(places, middle, "C0o-", ms=4)
        axes.set_xticks(places, [f"{ridge:g}" for ridge in RIDGES])
        axes.tick_params(axis="x", labelrotation=45)
        axes.set_xlabel("ridge")
    left.set(ylabel="correlation with p / q", ylim=(-0.2, 1.0))
    right.axhline(PEARSON, color="k", ls="--", lw=1, label="truth")
    right.set(ylabel="Pearson divergence, estimated", yscale="log")
    right.legend()


def caption(numbers: Mapping[str, Any]) -> str:
    """Medians at a few ridges."""
    rows = "; ".join(
        f"ridge {ridge:g}: {_median(numbers, ridge, 'correlation'):.2f} and "
        f"{_median(numbers, ridge, 'pearson'):.3g}"
        for ridge in (0.0, 1e-3, 0.1, 1.0)
    )
    return (
        f"Medians and quartiles of {numbers['repetitions']} draws of {COUNT} "
        "points of each law. Correlation and divergence, whose truth is "
        f"{PEARSON}: {rows}. The mean of the ratios is near 1 whatever the "
        "ridge, so that a loss on the mean says nothing."
    )


STUDY: Study = Study(
    title="Density ratios need a ridge",
    claim=(
        "The closed form r = K_qq^-1 K_qp 1 of kernel mean matching needs a "
        "ridge: without one the ratios have nothing to do with the truth."
    ),
    source=(
        "Huang et al. 2007, Correcting sample selection bias by unlabeled "
        "data; Srivastava et al. 2020, Generative ratio matching networks, "
        "section 2, prints it without."
    ),
    threshold=(
        f"median correlation with p / q above {GOOD_CORRELATION} at ridge "
        f"{GOOD_RIDGE}, and below .5 without; p = N(0, 1), q = N(.5, 1.2^2), "
        "sigma 1, float32."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    size=(8.0, 3.6),
)
