"""FID and KID of two samples of one law, against the size of the samples."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_mmdgan.metrics import fid, kid
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

_TOLERANCE = 0.1  # of FID's law, relative
_REACH = 3.0  # standard errors that KID may be from zero


def law(width: int, size: int) -> float:
    """The bias of FID, (d^2 + 5 d) / (2 n), to first order in 1 / n."""
    return (width**2 + 5 * width) / (2 * size)


def scores(width: int, size: int, seeds: tuple[int, ...]) -> dict[str, Any]:
    """FID and KID of two samples of N(0, I), for each seed."""
    values: dict[str, list[float]] = {"fid": [], "kid": []}
    for seed in seeds:
        rng = np.random.default_rng((seed, width, size))
        x, y = rng.normal(size=(2, size, width)).astype(np.float32)
        values["fid"].append(fid.fid(x, y))
        values["kid"].append(kid.kid(x, y, "exact").mean)
    return {
        name: {
            "mean": np.mean(found),
            "error": np.std(found, ddof=1) / np.sqrt(len(found)),
            "deviation": np.std(found, ddof=1),
        }
        for name, found in values.items()
    }


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """Widths 16 and 64, sizes from five widths on."""
    curves = []
    for width in (16, 64):
        sizes = [5 * width * 2**i for i in range(budget.steps(5, 3))]
        key = f"{len(budget.seeds)} seeds, width {width}, size"
        found = [
            parts.get(f"{key} {size}", scores, width, size, budget.seeds)
            for size in sizes
        ]
        curves.append(
            {
                "width": width,
                "sizes": sizes,
                "law": [law(width, size) for size in sizes],
                "fid": [entry["fid"] for entry in found],
                "kid": [entry["kid"] for entry in found],
            }
        )
    return {"curves": curves, "seeds": len(budget.seeds)}


def worst(numbers: Mapping[str, Any]) -> tuple[float, float]:
    """The largest distances of FID from its law, and of KID from zero.

    That of FID is relative to the law, and beyond what chance explains; that of
    KID is in standard errors.
    """
    of_fid, of_kid = 0.0, 0.0
    for curve in numbers["curves"]:
        for expected, found, score in zip(
            curve["law"], curve["fid"], curve["kid"], strict=True
        ):
            excess = abs(found["mean"] - expected) - _REACH * found["error"]
            of_fid = max(of_fid, excess / expected)
            of_kid = max(of_kid, abs(score["mean"]) / score["error"])
    return of_fid, of_kid


def holds(numbers: Mapping[str, Any]) -> bool:
    """FID follows the law, KID does not leave zero."""
    of_fid, of_kid = worst(numbers)
    return of_fid <= _TOLERANCE and of_kid <= _REACH


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """FID falls as its law says, KID stays at zero."""
    left, right = figure.subplots(1, 2)
    for index, curve in enumerate(numbers["curves"]):
        sizes, colour = np.array(curve["sizes"]), f"C{index}"
        left.errorbar(
            sizes,
            [entry["mean"] for entry in curve["fid"]],
            [entry["deviation"] for entry in curve["fid"]],
            fmt="o", color=colour, label=f"FID, d = {curve['width']}",
        )  # fmt: skip
        left.plot(sizes, curve["law"], color=colour)
        right.errorbar(
            sizes * 1.05**index,
            [entry["mean"] for entry in curve["kid"]],
            [entry["deviation"] for entry in curve["kid"]],
            fmt="o", color=colour, label=f"KID, d = {curve['width']}",
        )  # fmt: skip
    left.plot([], [], color="0.4", label="(d² + 5 d) / (2 n)")
    left.set(
        xscale="log", yscale="log", xlabel="samples on either side, n",
        ylabel="FID of one law with itself", title="FID is biased",
    )  # fmt: skip
    right.axhline(0.0, color="0.6", lw=0.8)
    right.set(
        xscale="log", xlabel="samples on either side, n",
        ylabel="KID of one law with itself", title="KID is not",
    )  # fmt: skip
    left.legend()
    right.legend()


def caption(numbers: Mapping[str, Any]) -> str:
    """The two ends of the widest curve."""
    curve = numbers["curves"][-1]
    first, last = curve["fid"][0], curve["fid"][-1]
    of_fid, of_kid = worst(numbers)
    return (
        f"At {curve['width']} features FID of a law with itself is "
        f"{first['mean']:.2f} from {curve['sizes'][0]} samples and "
        f"{last['mean']:.2f} from {curve['sizes'][-1]}, where the law says "
        f"{curve['law'][0]:.2f} and {curve['law'][-1]:.2f}; its standard "
        f"deviation is {first['deviation']:.2f} and {last['deviation']:.3f}, "
        "far below its bias. Beyond three standard errors FID is at most "
        f"{100 * of_fid:.1f} % off the law, KID at most {of_kid:.1f} standard "
        "errors from zero. Bars are standard deviations."
    )


STUDY: Study = Study(
    title="The bias of FID",
    claim=(
        "FID of two samples of one law is not zero but about (d² + 5 d) / "
        "(2 n), with little variance; KID is unbiased at any size."
    ),
    source=(
        "Binkowski et al. 2018, Demystifying MMD GANs, section 4 and appendix "
        "D; Chong and Forsyth 2020, Effectively Unbiased FID."
    ),
    threshold=(
        "the mean FID is within 10 % and three standard errors of the formula, "
        "the mean KID within three standard errors of zero, at each size."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    seeds=tuple(range(20)),
    quick_seeds=tuple(range(5)),
    size=(9.0, 4.0),
)
