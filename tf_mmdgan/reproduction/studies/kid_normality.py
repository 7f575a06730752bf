"""How estimates of KID and of FID are distributed over samples.

Binkowski, Sutherland, Arbel, Gretton 2018, "Demystifying MMD GANs", section 4
and appendix D, https://arxiv.org/abs/1801.01401.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.stats
import tensorflow as tf

from tf_mmdgan import data, features, kernels, metrics, mmd
from tf_mmdgan.config import DataConfig
from tf_mmdgan.metrics import fid
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

_SIZE = 400  # of the histogram
_NOISE = 60.0  # of 255 levels
_SIZES = (100, 200, 400)
_COVERAGE = (0.93, 0.97)  # of 1.96 standard deviations


def estimates(
    gram: np.ndarray, count: int, size: int, draws: int, seed: int
) -> np.ndarray:
    """U-statistics of MMD^2 of samples from two finite populations: [draws].

    Args:
      gram: of both populations, `count` of the first kind and then the second.
      count: of the first kind.
      size: of each sample; drawn with replacement, so that its points are
        independent.
      draws: number of pairs of samples.
      seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(draws):
        x = rng.integers(count, size=size)
        y = rng.integers(count, len(gram), size=size)
        values.append(float(mmd.mmd2_unbiased(_grams(gram, x, y))))
    return np.array(values)


def population(gram: np.ndarray, count: int) -> float:
    """MMD^2 of the two finite populations."""
    x, y = np.split(np.arange(len(gram)), [count])
    return float(mmd.mmd2_biased(_grams(gram, x, y)))


def _grams(gram: np.ndarray, x: np.ndarray, y: np.ndarray) -> mmd.Grams:
    """Of the rows x and y of what `gram` is of."""
    pairs = ((x, x), (x, y), (y, y))
    return mmd.Grams(*(tf.constant(gram[np.ix_(*pair)]) for pair in pairs))


def fids(
    x: np.ndarray, y: np.ndarray, size: int, draws: int, seed: int
) -> np.ndarray:
    """FID of samples of two finite populations, with replacement: [draws]."""
    rng = np.random.default_rng(seed)
    return np.array(
        [
            fid.fid(
                x[rng.integers(len(x), size=size)],
                y[rng.integers(len(y), size=size)],
            )
            for _ in range(draws)
        ]
    )


def _features() -> tuple[np.ndarray, np.ndarray]:
    """Features of digits, and of digits with noise."""
    extractor = features.get_extractor("lenet_digits")
    images = data.load(DataConfig(dataset="digits"), "train").images
    noise = np.random.default_rng(0).normal(0.0, _NOISE, images.shape)
    spoilt = np.uint8(np.clip(images + noise, 0.0, 255.0))
    return tuple(
        np.float64(features.extract(extractor, given).features)
        for given in (images, spoilt)
    )


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """Estimates on real and spoilt digits, as finite populations."""
    x, y = parts.get("features", _features)
    x, y = np.array(x), np.array(y)
    joint = np.concatenate([x, y])
    gram = kernels.Polynomial()(joint, joint).numpy()  # KID's kernel
    seed = budget.seeds[0]
    draws = budget.steps(2000, 300)
    kids = {n: estimates(gram, len(x), n, draws, seed) for n in _SIZES}
    few = budget.steps(200, 40)
    distances = {n: fids(x, y, n, few, seed) for n in _SIZES}
    chosen = kids[_SIZE]
    return {
        "kid": population(gram, len(x)),
        "fid": metrics.frechet_distance(
            *(
                metrics.Moments(f.mean(0), np.cov(f, rowvar=False, ddof=0))
                for f in (x, y)
            )
        ),
        "estimates": np.sort(chosen),
        "skewness": scipy.stats.skew(chosen),
        "coverage": np.mean(
            np.abs(chosen - chosen.mean()) < 1.96 * chosen.std()
        ),
        "kid_means": {n: _summary(v) for n, v in kids.items()},
        "fid_means": {n: _summary(v) for n, v in distances.items()},
    }


def _summary(values: np.ndarray) -> tuple[float, float, int]:
    """Mean, standard deviation, number."""
    return values.mean(), values.std(ddof=1), len(values)


def holds(numbers: Mapping[str, Any]) -> bool:
    """KID without bias and normal, FID biased by more than it varies."""
    unbiased = all(
        abs(mean - numbers["kid"]) < 4.0 * std / np.sqrt(count)
        for mean, std, count in numbers["kid_means"].values()
    )
    biased = all(
        mean - numbers["fid"] > std
        for mean, std, _ in numbers["fid_means"].values()
    )
    normal = _COVERAGE[0] < numbers["coverage"] < _COVERAGE[1]
    return bool(unbiased and biased and normal)


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """Histogram with the normal density, and means by sample size."""
    left, right = figure.subplots(1, 2)
    values = np.array(numbers["estimates"])
    left.hist(values, 40, density=True, color="0.8")
    grid = np.linspace(values[0], values[-1], 200)
    left.plot(
        grid, scipy.stats.norm.pdf(grid, values.mean(), values.std()),
        label="normal density",
    )  # fmt: skip
    left.axvline(numbers["kid"], color="C1", ls="--", label="true value")
    left.set(
        title=f"KID of {_SIZE} + {_SIZE} images", xlabel="estimate",
        ylabel="density",
    )  # fmt: skip
    left.legend()
    for i, name in enumerate(("kid", "fid")):
        found = numbers[f"{name}_means"]
        means, stds, _ = np.array(list(found.values())).T / numbers[name]
        right.errorbar(
            np.array([int(n) for n in found]) * (1 + 0.04 * i), means, stds,
            fmt=f"C{2 + i}o", label=f"{name.upper()} (1 s.d.)", capsize=3,
        )  # fmt: skip
    right.axhline(1.0, color="0.6", ls="--")
    right.set(
        title="Mean estimates by sample size", xlabel="images of either kind",
        ylabel="estimate / true value", ylim=(0, None),
    )  # fmt: skip
    right.legend()


def caption(numbers: Mapping[str, Any]) -> str:
    """The means, and the test of normality."""
    n = str(_SIZE)
    kid_mean, kid_std, _ = numbers["kid_means"][n]
    fid_mean, fid_std, _ = numbers["fid_means"][n]
    return (
        f"With {n} images of either kind KID is {kid_mean:.3f} on average "
        f"(standard deviation {kid_std:.3f}; truth {numbers['kid']:.3f}), FID "
        f"{fid_mean:.2f} ({fid_std:.2f}; truth {numbers['fid']:.2f}). The "
        f"skewness of KID's estimates is {numbers['skewness']:.2f}, and "
        f"{100 * numbers['coverage']:.1f} % of them are within 1.96 standard "
        "deviations of their mean, where the normal law has 95 %."
    )


STUDY: Study = Study(
    title="KID is unbiased and nearly normal, FID is neither unbiased nor wide",
    claim=(
        "Estimates of KID are unbiased and approximately normal where the laws "
        "differ; those of FID are biased upwards by more than they vary."
    ),
    source=(
        "Binkowski, Sutherland, Arbel, Gretton 2018, Demystifying MMD GANs, "
        "section 4 and appendix D; Gretton, introduction to GANs, lecture "
        "notes."
    ),
    threshold=(
        "on features of digits, and of digits with noise: the mean "
        "KID is the true one within four standard errors for samples of "
        f"{', '.join(map(str, _SIZES))}; of estimates from {_SIZE} images, "
        f"{100 * _COVERAGE[0]:.0f} to {100 * _COVERAGE[1]:.0f} % are within "
        "1.96 standard deviations; FID's bias exceeds its standard deviation."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    size=(8.0, 3.8),
)
