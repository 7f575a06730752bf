"""Two laws: which has the smaller FID depends on the number of samples."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tf_mmdgan.metrics import Moments, MomentSums, frechet_distance, kid
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

_ORDERS = 16  # of the Hermite series
_CHUNK = 2500  # rows at a time


def relu_coefficients(mean: float, scale: float) -> np.ndarray:
    """a_k = E[relu(mean + scale Z) h_k(Z)], Z ~ N(0, 1), k < _ORDERS.

    h_k are the Hermite polynomials of norm 1, so that Cov(relu X, relu Y) =
    sum_{k > 0} a_k^2 rho^k for two such variables of correlation rho. With
    t = -mean / scale, integration by parts leaves a_0 = mean Phi(-t) + scale
    phi(t), a_1 = scale Phi(-t), a_k = scale phi(t) He_{k-2}(t) / sqrt(k!).
    """
    t = -mean / scale
    density = math.exp(-(t**2) / 2) / math.sqrt(2 * math.pi)
    above = math.erfc(t / math.sqrt(2)) / 2
    values = [mean * above + scale * density, scale * above]
    hermite, following = 1.0, t
    for k in range(2, _ORDERS):
        values.append(scale * density * hermite / math.sqrt(math.factorial(k)))
        hermite, following = following, t * following - (k - 1) * hermite
    return np.array(values)


def relu_moments(mean: float, covariance: np.ndarray) -> Moments:
    """Mean and covariance of relu(N(mean 1, covariance)), by coordinates."""
    scales = np.sqrt(np.diag(covariance))
    a = np.array([relu_coefficients(mean, scale) for scale in scales])
    correlation = covariance / np.outer(scales, scales)
    power, total = np.ones_like(correlation), np.zeros_like(correlation)
    for k in range(1, _ORDERS):
        power *= correlation
        total += np.outer(a[:, k], a[:, k]) * power
    # The series converges slowly on the diagonal, where it is known.
    np.fill_diagonal(total, _relu_variance(mean, scales))
    return Moments(a[:, 0], total)


def _relu_variance(mean: float, scales: np.ndarray) -> np.ndarray:
    found = []
    for scale in scales:
        first, slope = relu_coefficients(mean, scale)[:2]
        above = slope / scale
        density = (first - mean * above) / scale
        second = (mean**2 + scale**2) * above + mean * scale * density
        found.append(second - first**2)
    return np.array(found)


class _Laws:
    """P1 and P2, of which FID to Q is taken, in `width` dimensions."""

    def __init__(self, width: int, seed: int):
        rng = np.random.default_rng(seed)
        mixing = rng.normal(size=(width, width))
        self.width = width
        self.covariances = {
            "P1": np.eye(width),
            "P2": 3.2 / width * mixing @ mixing.T + 0.2 * np.eye(width),
            "Q": np.eye(width),
        }
        self.means = {"P1": 0.0, "P2": 1.0, "Q": 1.0}

    def moments(self, name: str) -> Moments:
        return relu_moments(self.means[name], self.covariances[name])

    def sampler(self, name: str, seed: int) -> Callable[[int], np.ndarray]:
        """A function of a number of rows, each of which is new."""
        rng = np.random.default_rng((seed, ord(name[-1])))
        covariance = self.covariances[name]
        plain = np.array_equal(covariance, np.eye(self.width))
        factor = None if plain else np.linalg.cholesky(covariance)

        def sample(count: int) -> np.ndarray:
            z = rng.standard_normal((count, self.width), dtype=np.float32)
            if factor is not None:
                z = z @ factor.T.astype(np.float32)
            return np.maximum(z + np.float32(self.means[name]), 0.0)

        return sample


def fid_curve(width: int, name: str, sizes: list[int], seed: int) -> list[Any]:
    """FID to the moments of Q: the true one, then from samples of each size."""
    laws = _Laws(width, seed)
    target = laws.moments("Q")
    found = [frechet_distance(target, laws.moments(name))]
    sample, sums = laws.sampler(name, seed), None
    for size in sizes:
        while sums is None or sums.count < size:
            count = min(_CHUNK, size - (sums.count if sums else 0))
            part = MomentSums.of(sample(count))
            sums = sums.merge(part) if sums else part
        found.append(frechet_distance(target, sums.moments()))
    return found


def kid_curve(width: int, name: str, sizes: list[int], seed: int) -> list[Any]:
    """KID to as many samples of Q, with its standard error."""
    laws = _Laws(width, seed)
    sample, reference = laws.sampler(name, seed), laws.sampler("Q", seed)
    scores = [kid.kid(reference(size), sample(size), "exact") for size in sizes]
    return [[score.mean, score.standard_error] for score in scores]


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """2,048 dimensions as published, 256 of a quick study."""
    width, seed = budget.steps(2048, 256), budget.seeds[0]
    factors = budget.steps((2.5, 5.0, 10.0, 25.0), (2.5, 5.0, 10.0))
    sizes = [round(width * factor) for factor in factors]
    few = [width // 4, width // 2, width]
    numbers = {"width": width, "sizes": sizes, "kid_sizes": few}
    for name in ("P1", "P2"):
        key = f"width {width}, seed {seed}, {name}"
        values = parts.get(
            f"FID, {key}, {sizes}", fid_curve, width, name, sizes, seed
        )
        scores = parts.get(
            f"KID, {key}, {few}", kid_curve, width, name, few, seed
        )
        numbers[name] = {"true": values[0], "fid": values[1:], "kid": scores}
    return numbers


def holds(numbers: Mapping[str, Any]) -> bool:
    """At every size, estimates have the order that the true values have not."""
    first, second = numbers["P1"], numbers["P2"]
    swapped = np.array(first["fid"]) < np.array(second["fid"])
    return first["true"] > second["true"] and bool(swapped.all())


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """FID against size with the true values, KID beside it."""
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    for index, name in enumerate(("P1", "P2")):
        law, colour = numbers[name], f"C{index}"
        left.plot(
            numbers["sizes"], law["fid"], "o-", color=colour,
            label=f"FID({name}, Q) from samples of {name}",
        )  # fmt: skip
        left.axhline(
            law["true"], color=colour, ls="--", label=f"true FID({name}, Q)"
        )
        values, deviations = np.transpose(law["kid"])
        right.errorbar(
            numbers["kid_sizes"], values, deviations, fmt="o-", color=colour,
            label=f"KID({name}, Q)",
        )  # fmt: skip
    left.set(
        xscale="log", xlabel=f"samples of P ({numbers['width']} dimensions)",
        ylabel="FID to the exact moments of Q", title="FID swaps the order",
    )  # fmt: skip
    right.set(
        xscale="log", xlabel="samples of P and of Q", ylabel="KID, raw",
        title="KID is at its value from the start",
    )  # fmt: skip
    left.legend(fontsize=8)
    right.legend(fontsize=8, loc="center right")


def caption(numbers: Mapping[str, Any]) -> str:
    """True values against those of the largest sample."""
    first, second = numbers["P1"], numbers["P2"]
    kids = [
        f"{law['kid'][0][0]:.3g} and {law['kid'][-1][0]:.3g}"
        for law in (first, second)
    ]
    few, many = (
        f"{first['fid'][i]:.1f} and {second['fid'][i]:.1f} from "
        f"{numbers['sizes'][i]} samples"
        for i in (0, -1)
    )
    return (
        f"In truth FID(P1, Q) is {first['true']:.1f} and FID(P2, Q) "
        f"{second['true']:.1f}. They are {many} of either, {few}. KID from "
        f"{numbers['kid_sizes'][0]} and {numbers['kid_sizes'][-1]} samples is "
        f"{kids[0]} for P1, {kids[1]} for P2."
    )


STUDY: Study = Study(
    title="An order that FID gets wrong",
    claim=(
        "FID's bias depends on the law, so that the law which is farther away "
        "can have the smaller FID, from 50,000 samples too."
    ),
    source=(
        "Binkowski et al. 2018, Demystifying MMD GANs, appendix D.2: P1 = "
        "relu(N(0, I)), P2 = relu(N(1, .8 S + .2 I)), Q = relu(N(1, I)), S = "
        "4 / d C Cᵀ with C of standard normal entries, in 2,048 dimensions."
    ),
    threshold=(
        "the true FID of P1 is larger than that of P2, and the estimated one "
        "smaller, at every number of samples, even with Q's moments exact."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    size=(9.0, 4.5),
)
