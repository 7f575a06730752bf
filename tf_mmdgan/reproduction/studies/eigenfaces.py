"""A Gaussian in the space of the first principal components, on digits.

Sirovich and Kirby 1987, "Low-dimensional procedure for the characterization of
human faces"; Turk and Pentland 1991, "Eigenfaces for recognition".
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from tf_mmdgan import data, images
from tf_mmdgan.config import DataConfig
from tf_mmdgan.features import extract, get_extractor
from tf_mmdgan.metrics import kid, neighbors
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

_COUNTS = (2, 5, 10, 20, 40, 80)
_SHOWN = 40  # components of the pictures


class Components(NamedTuple):
    """Principal components of images as vectors."""

    mean: np.ndarray  # [d]
    axes: np.ndarray  # [k, d], orthonormal rows, widest first
    stds: np.ndarray  # [k], along the axes


def principal_components(vectors: np.ndarray, count: int) -> Components:
    """The first `count` of vectors [n, d], by singular values."""
    mean = vectors.mean(axis=0)
    _, values, rows = np.linalg.svd(vectors - mean, full_matrices=False)
    stds = values[:count] / np.sqrt(len(vectors) - 1)
    return Components(mean, rows[:count], stds)


def first(components: Components, count: int) -> Components:
    """The first `count` of them."""
    mean, axes, stds = components
    return Components(mean, axes[:count], stds[:count])


def sample(
    components: Components, count: int, rng: np.random.Generator
) -> np.ndarray:
    """Draws of N(mean, axes^T diag(stds^2) axes): [count, d]."""
    codes = rng.normal(size=(count, len(components.stds))) * components.stds
    return components.mean + codes @ components.axes


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """Reconstructions and samples by number of components."""
    del parts
    rng = np.random.default_rng(budget.seeds[0])
    digits = DataConfig(dataset="digits")
    train, test = (
        np.float64(images.from_uint8(data.load(digits, split).images))
        for split in ("train", "test")
    )
    vectors, held_out = (x.reshape(len(x), -1) for x in (train, test))
    extractor = get_extractor("lenet_digits")

    def features(points: np.ndarray) -> np.ndarray:
        shaped = np.clip(points, -1.0, 1.0).reshape(-1, *train.shape[1:])
        pixels = images.to_uint8(shaped).numpy()
        return extract(extractor, pixels).features

    real, rows = features(held_out), []
    widest = principal_components(vectors, max(_COUNTS))
    for count in _COUNTS:
        found = first(widest, count)
        codes = (held_out - found.mean) @ found.axes.T
        error = found.mean + codes @ found.axes - held_out
        fake = features(sample(found, len(held_out), rng))
        score = kid.kid(real, fake, "exact")
        rows.append(
            (
                np.sqrt((error**2).mean()),
                score.mean,
                score.standard_error,
                np.mean(neighbors.nearest_neighbor_accuracy(real, fake)),
            )
        )
    shown = first(widest, _SHOWN)
    drawn = sample(shown, 8, rng)
    projected = (held_out[:8] - shown.mean) @ shown.axes.T
    return {
        "reconstruction_error": [row[0] for row in rows],
        "kid": [row[1:3] for row in rows],
        "accuracy": [row[3] for row in rows],
        "pictures": {
            name: np.round(values.reshape(8, *train.shape[1:3]), 3)
            for name, values in {
                "held-out digits": held_out[:8],
                f"from {_SHOWN} components": shown.mean
                + projected @ shown.axes,
                "components": shown.axes[:8],
                "samples": drawn,
            }.items()
        },
    }


def holds(numbers: Mapping[str, Any]) -> bool:
    """Reconstructions get good, samples stay bad."""
    errors = numbers["reconstruction_error"]
    best = min(numbers["kid"])
    return bool(
        np.all(np.diff(errors) < 0.0)
        and errors[-1] < 0.2
        and best[0] > 4.0 * best[1]
        and min(numbers["accuracy"]) > 0.7
    )


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """Errors by number of components, and pictures."""
    top, bottom = figure.subfigures(1, 2, width_ratios=[1, 1.5])
    upper, lower = top.subplots(2, 1, sharex=True)
    upper.plot(_COUNTS, numbers["reconstruction_error"], "o-")
    upper.set(
        title="Reconstruction of held-out digits",
        ylabel="r.m.s. error\n(pixels in [-1, 1])", ylim=(0, None),
    )  # fmt: skip
    means, errors = np.array(numbers["kid"]).T
    lower.errorbar(_COUNTS, means, 2.0 * errors, fmt="C1o-")
    lower.set(
        title="Samples", xlabel="components", ylabel="KID (2 s.e.)",
        ylim=(0, None),
    )  # fmt: skip
    panels = bottom.subplots(len(numbers["pictures"]), 1)
    for axes, (name, pictures) in zip(
        panels, numbers["pictures"].items(), strict=True
    ):
        sheet = np.concatenate(list(np.array(pictures)), axis=1)
        limit = np.abs(sheet).max() if name == "components" else 1.0
        axes.imshow(sheet, cmap="gray", vmin=-limit, vmax=limit)
        axes.set(title=name, xticks=[], yticks=[])


def caption(numbers: Mapping[str, Any]) -> str:
    """Best reconstruction, best samples."""
    errors = numbers["reconstruction_error"]
    score, error = min(numbers["kid"])
    return (
        f"From {_COUNTS[-1]} components held-out digits are rebuilt with a "
        f"root mean squared error of {errors[-1]:.3f}. The best KID of "
        f"samples is {score:.2f} (s.e. {error:.2f}); their nearest "
        "neighbours tell them from digits in "
        f"{100 * min(numbers['accuracy']):.0f} % of the cases at best, where "
        "50 % is chance."
    )


STUDY: Study = Study(
    title="Eigenfaces, of digits",
    claim=(
        "Principal components rebuild new images well, and a Gaussian in their "
        "space is a generative model, but its samples are told from data."
    ),
    source=(
        "Sirovich and Kirby 1987, Low-dimensional procedure for the "
        "characterization of human faces; Gretton, introduction to GANs, "
        "lecture notes."
    ),
    threshold=(
        "the error of reconstruction falls with every added component, to less "
        "than 0.2; no sampler has a KID within four standard errors of 0, or a "
        "two-sample accuracy of nearest neighbours under 70 %."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    size=(8.0, 4.4),
)
