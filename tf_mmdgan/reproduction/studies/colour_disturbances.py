"""What ImageNet features see of disturbed colour pictures, and thumbnails not.

The pictures are squares of two photographs that scikit-learn brings along.
"""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
import sklearn.datasets

from tf_mmdgan import features, metrics
from tf_mmdgan.reproduction.studies import disturbances
from tf_mmdgan.reproduction.studies.study import (
    Budget,
    Parts,
    Study,
    packed,
    unpacked,
)

SIDE = 64
_PHOTOGRAPHS = ("china.jpg", "flower.jpg")
_EXTRACTORS = {"imagenet": "ImageNet features", "thumbnails": "thumbnails"}
# Of the distance between both photographs: what counts as seen.
SEEN = 0.05


def _noise(images: np.ndarray, level: float, rng: Any) -> np.ndarray:
    return images + rng.normal(0.0, level, images.shape)


def _mosaic(images: np.ndarray, level: int, rng: Any) -> np.ndarray:
    """Squares of `level` pixels become blobs of their mean colour."""
    del rng
    count, height, width, channels = images.shape
    squares = (count, height // level, level, width // level, level, channels)
    means = images.reshape(squares).mean(axis=(2, 4))
    return means.repeat(level, axis=1).repeat(level, axis=2)


def _checkerboard(images: np.ndarray, level: float, rng: Any) -> np.ndarray:
    """Adds and takes away `level`, by turns, as strided networks do."""
    del rng
    rows, columns = np.indices(images.shape[1:3])
    signs = 1.0 - 2.0 * ((rows + columns) % 2)
    return images + level * signs[..., np.newaxis]


# The first level leaves the picture as it is. Grey levels of 255, or pixels.
DISTURBANCES: disturbances.Catalogue = {
    "noise": (_noise, (0, 10, 20, 40)),
    "blur": (disturbances.blur, (0, 1, 2, 4)),
    "mosaic": (_mosaic, (1, 2, 4, 8)),
    "checkerboard": (_checkerboard, (0, 10, 20, 40)),
}


def disturbed(
    images: np.ndarray, name: str, level: float, seed: int
) -> np.ndarray:
    """Images uint8 [n, h, w, c] after one of `DISTURBANCES`."""
    return disturbances.disturbed(images, name, level, seed, DISTURBANCES)


@functools.cache
def _photograph(name: str) -> np.ndarray:
    return np.asarray(sklearn.datasets.load_sample_image(name))


def squares(
    photographs: tuple[str, ...], count: int, rng: np.random.Generator
) -> np.ndarray:
    """Squares at random places of photographs: uint8 [count, 64, 64, 3]."""
    found = []
    for number in range(count):
        whole = _photograph(photographs[number % len(photographs)])
        height, width, _ = whole.shape
        top = rng.integers(height - SIDE + 1)
        left = rng.integers(width - SIDE + 1)
        found.append(whole[top : top + SIDE, left : left + SIDE])
    return np.stack(found)


@functools.cache
def _drawn(
    count: int, photographs: tuple[str, ...], seed: int, other: bool
) -> np.ndarray:
    """One of two samples of squares of a seed."""
    rng = np.random.default_rng((seed, other))
    return squares(photographs, count, rng)


@functools.cache
def _real_features(
    count: int, photographs: tuple[str, ...], seed: int, extractor: str
) -> features.Extracted:
    images = _drawn(count, photographs, seed, False)
    return features.extract(features.get_extractor(extractor), images)


def distances(
    count: int, photographs: tuple[str, ...], seed: int, images: np.ndarray
) -> dict[str, float]:
    """KID over all pairs of squares and images, by each of the extractors."""
    found = {}
    for name in _EXTRACTORS:
        found[name] = metrics.score(
            _real_features(count, photographs, seed, name),
            features.extract(features.get_extractor(name), images),
            ["kid_exact"],
            metrics.MetricSettings(),
        )["kid_exact"]["kid"]
    return found


def scores(count: int, name: str, level: float, seed: int) -> dict[str, Any]:
    """KID between squares and other squares that were disturbed."""
    others = _drawn(count, _PHOTOGRAPHS, seed, True)
    images = disturbed(others, name, level, seed)
    found = distances(count, _PHOTOGRAPHS, seed, images)
    return found | {"example": packed(images[1, :32, :32])}


def between_photographs(count: int, seed: int) -> dict[str, float]:
    """KID between squares of the one and of the other photograph."""
    first, second = ((photograph,) for photograph in _PHOTOGRAPHS)
    return distances(count, first, seed, _drawn(count, second, seed, True))


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """All disturbances at four levels, as shares of another photograph's."""
    count, curves = budget.steps(100, 20), {}
    units = [
        parts.get(f"{count} squares, two photographs, seed {seed}",
                  between_photographs, count, seed)
        for seed in budget.seeds
    ]  # fmt: skip
    for name, (_, levels) in DISTURBANCES.items():
        runs = [
            [
                parts.get(
                    f"{count} squares, {name} {level}, seed {seed}",
                    scores, count, name, level, seed,
                )
                for level in levels
            ]
            for seed in budget.seeds
        ]  # fmt: skip
        curves[name] = {
            "levels": levels,
            "examples": [entry["example"] for entry in runs[0]],
        }
        for extractor in _EXTRACTORS:
            curves[name][extractor] = [
                [entry[extractor] / unit[extractor] for entry in run]
                for run, unit in zip(runs, units, strict=True)
            ]
    return {"count": count, "units": units, "curves": curves}


def rises(runs: list[list[float]]) -> bool:
    """Whether a score gets worse from level to level, on each seed."""
    return bool((np.diff(runs, axis=1) > 0.0).all())


def unseen(numbers: Mapping[str, Any], extractor: str) -> list[str]:
    """Disturbances whose highest level stays below `SEEN` on each seed."""
    return [
        name
        for name, curve in numbers["curves"].items()
        if max(run[-1] for run in curve[extractor]) < SEEN
    ]


def holds(numbers: Mapping[str, Any]) -> bool:
    """ImageNet features follow all; thumbnails do not see any."""
    curves = numbers["curves"]
    return all(rises(curve["imagenet"]) for curve in curves.values()) and (
        unseen(numbers, "thumbnails") == list(curves)
    )


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """A column for each disturbance: a quarter of a square, scores."""
    curves = numbers["curves"]
    axes = figure.subplots(2, len(curves), height_ratios=[2, 1])
    axes[1, 0].set_ylabel("KID, share of\nanother photograph's")
    for column, (name, curve) in zip(axes.T, curves.items(), strict=True):
        examples = np.concatenate(list(map(unpacked, curve["examples"])))
        column[0].imshow(examples, interpolation="nearest")
        column[0].set(xticks=[], yticks=[], title=name)
        for color, (extractor, label) in enumerate(_EXTRACTORS.items()):
            for number, run in enumerate(curve[extractor]):
                column[1].plot(
                    curve["levels"], run, ".-", color=f"C{color}", lw=1,
                    label=None if number else label,
                )  # fmt: skip
        column[1].tick_params(labelsize=6)
        column[1].set_xlabel("level", fontsize=8)
    axes[1, 0].legend(fontsize=6)


def caption(numbers: Mapping[str, Any]) -> str:
    """Both extractors' KID at the highest level of each disturbance."""
    curves = numbers["curves"]
    listed = ", ".join(
        f"{name} "
        + " against ".join(
            f"{np.mean([run[-1] for run in curve[extractor]]):.4f}"
            for extractor in _EXTRACTORS
        )
        for name, curve in curves.items()
    )
    return (
        f"{numbers['count']} squares of 64 pixels from two photographs, one "
        "line for each choice of them; levels are grey levels of 255 (noise, "
        "checkerboard) or pixels. KID is given as a share of the KID between "
        "squares of the one and of the other photograph; by ImageNet features "
        f"and by thumbnails of 16 pixels, at the highest level: {listed}."
    )


STUDY: Study = Study(
    title="Disturbed pictures in colour: what thumbnails do not see",
    claim=(
        "Features of a network trained on ImageNet score pictures worse with "
        "each level of noise, blur, blobs of the same colours or a "
        "checkerboard; thumbnails of 16 pixels, which a run in colour falls "
        "back on where that network is not installed, do not see them."
    ),
    source=(
        "After Heusel et al. 2017, GANs Trained by a Two Time-Scale Update "
        "Rule, figure 3; the comparison with thumbnails is of this package."
    ),
    threshold=(
        "by ImageNet features KID rises from level to level at all four "
        "disturbances and on each seed; by thumbnails it stays below "
        f"{SEEN:.0%} of the KID between two different photographs."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    seeds=(0, 1, 2),
    size=(8.0, 8.0),
)
