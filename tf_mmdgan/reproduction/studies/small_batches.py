"""Small batches: the V-statistic's gradient can have the wrong sign.

Generator y = s z, z ~ N(0, 1), data N(0, 1), Gaussian kernel of sigma 1.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

SCALE = 0.8
SIZES = (2, 3, 4, 6, 8, 16, 32, 64)
_ERRORS = 4.0


def population_gradient() -> tuple[float, float]:
    """d/ds of E k(y, y') and of E k(x, y), at s = SCALE.

    E exp(-d^2 / 2) = (1 + v)^(-1/2) for d ~ N(0, v); v is 2 s^2, or 1 + s^2.
    """
    within = -2.0 * SCALE * (1.0 + 2.0 * SCALE**2) ** -1.5
    cross = -SCALE * (2.0 + SCALE**2) ** -1.5
    return within, cross


def expected_gradient(size: int, estimator: str) -> float:
    """d/ds of the mean estimate from batches of `size` points each."""
    within, cross = population_gradient()
    share = 1.0 if estimator == "U" else 1.0 - 1.0 / size
    return share * within - 2.0 * cross


def simulated_gradients(
    size: int, draws: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """d/ds of both estimates for each of many batches."""
    x, z = rng.normal(size=(2, draws, size))
    y = SCALE * z
    inner = y[:, :, None] - y[:, None, :]
    inner_slope = z[:, :, None] - z[:, None, :]
    within = (-np.exp(-(inner**2) / 2.0) * inner * inner_slope).sum((1, 2))
    outer = y[:, :, None] - x[:, None, :]
    cross = -np.exp(-(outer**2) / 2.0) * outer * z[:, :, None]
    cross = cross.mean((1, 2))
    return {
        "U": within / (size * (size - 1)) - 2.0 * cross,
        "V": within / size**2 - 2.0 * cross,
    }


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """Means and their standard errors for each size of batch."""
    del parts
    rng = np.random.default_rng(budget.seeds[0])
    numbers: dict[str, list[tuple[Any, ...]]] = {"U": [], "V": []}
    for size in SIZES:
        draws = budget.steps(4_000_000, 400_000) // size**2
        for name, values in simulated_gradients(size, draws, rng).items():
            error = np.std(values) / np.sqrt(draws)
            numbers[name].append((np.mean(values), error))
    return numbers


def holds(numbers: Mapping[str, Any]) -> bool:
    """Simulated and expected values agree, V at 4 has the wrong sign."""
    misses = [
        abs(mean - expected_gradient(size, name)) / error
        for name in ("U", "V")
        for size, (mean, error) in zip(SIZES, numbers[name], strict=True)
    ]
    mean, error = numbers["V"][SIZES.index(4)]
    return bool(max(misses) < _ERRORS and mean - _ERRORS * error > 0.0)


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """Mean gradient against the size of the batch."""
    axes = figure.subplots()
    for i, name in enumerate(("U", "V")):
        means, errors = np.array(numbers[name]).T
        axes.errorbar(
            SIZES, means, 2.0 * errors, fmt=f"C{i}o",
            label=f"{name}-statistic, simulated (2 s.e.)",
        )  # fmt: skip
        line = [expected_gradient(size, name) for size in SIZES]
        axes.plot(SIZES, line, f"C{i}", lw=1)
    axes.axhline(0.0, color="0.5", ls="--")
    axes.annotate("wrong sign: the scale shrinks", (20, 0.005), color="0.3")
    axes.set_xscale("log", base=2)
    axes.set_xticks(SIZES, map(str, SIZES))
    axes.minorticks_off()
    axes.set(
        title=f"Generator {SCALE} z, data N(0, 1): mean gradient of MMD²",
        xlabel="points in each batch",
        ylabel="derivative with respect to the generator's scale",
    )
    axes.legend(loc="upper right", bbox_to_anchor=(1.0, 0.85))


def caption(numbers: Mapping[str, Any]) -> str:
    """The two gradients at a batch of four."""
    four = SIZES.index(4)
    (u, u_error), (v, v_error) = (numbers[n][four] for n in ("U", "V"))
    return (
        f"From batches of 4 points the U-statistic's mean gradient is {u:.4f} "
        f"(standard error {u_error:.4f}), as that of the population, "
        f"{expected_gradient(4, 'U'):.4f}; the V-statistic's is {v:.4f} "
        f"({v_error:.4f}) where {expected_gradient(4, 'V'):.4f} is expected: "
        "a generator that is too narrow is made narrower. Lines are closed "
        "forms."
    )


STUDY: Study = Study(
    title="Small batches and the V-statistic",
    claim=(
        "The bias of the V-statistic is not harmless: in small batches the "
        "mean of its gradient can have the wrong sign, where that of the "
        "U-statistic is right for every size."
    ),
    source=(
        "Binkowski, Sutherland, Arbel, Gretton 2018, Demystifying MMD GANs, "
        "theorem 1, on unbiased gradients; the counter-example is derived here."
    ),
    threshold=(
        f"simulated means agree with closed forms within {_ERRORS:.0f} "
        "standard errors for all sizes, and the V-statistic's at four points "
        f"is positive by more than {_ERRORS:.0f} of them."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    size=(7.0, 4.2),
)
