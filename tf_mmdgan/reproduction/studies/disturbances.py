"""How scores change when images are disturbed more and more."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from scipy import ndimage

from tf_mmdgan import data, features, metrics
from tf_mmdgan.config import DataConfig
from tf_mmdgan.reproduction.studies.study import (
    Budget,
    Parts,
    Study,
    packed,
    unpacked,
)

_SCORES = ("fid", "kid", "inception_score")
_RECTANGLES = 5


def _noise(images: np.ndarray, level: float, rng: Any) -> np.ndarray:
    return (1.0 - level) * images + level * rng.uniform(0, 255, images.shape)


def blur(images: np.ndarray, level: float, rng: Any) -> np.ndarray:
    """Images [n, h, w, c] after a Gaussian filter of `level` pixels."""
    del rng
    return ndimage.gaussian_filter(images, (0, level, level, 0))


def _rectangles(images: np.ndarray, level: float, rng: Any) -> np.ndarray:
    images = images.copy()
    side = images.shape[1]
    edge = round(level * side)
    for image in images:
        for top, left in rng.integers(0, side - edge + 1, (_RECTANGLES, 2)):
            image[top : top + edge, left : left + edge] = 0.0
    return images


def _swirl(images: np.ndarray, level: float, rng: Any) -> np.ndarray:
    """Turns the image by `level` radians in its middle, less around it."""
    del rng
    side = images.shape[1]
    middle = (side - 1) / 2
    y, x = np.mgrid[:side, :side] - middle
    angle = level * np.exp(-np.hypot(x, y) / (side / 4))
    cosine, sine = np.cos(angle), np.sin(angle)
    source = [cosine * y + sine * x + middle, cosine * x - sine * y + middle]
    turned = [
        ndimage.map_coordinates(image[..., 0], source, order=1, mode="nearest")
        for image in images
    ]
    return np.stack(turned)[..., np.newaxis]


def _salt_and_pepper(images: np.ndarray, level: float, rng: Any) -> np.ndarray:
    hit = rng.uniform(size=images.shape) < level
    return np.where(hit, 255.0 * rng.integers(0, 2, images.shape), images)


def _contamination(images: np.ndarray, level: float, rng: Any) -> np.ndarray:
    """Shuffles all pixels of some of the images, each by itself."""
    mixed = images.reshape(len(images), -1).copy()
    chosen = rng.permutation(len(images))[: round(level * len(images))]
    mixed[chosen] = rng.permuted(mixed[chosen], axis=1)
    return mixed.reshape(images.shape)


# Levels of Heusel et al., but for the edge of the rectangles, which they give
# as a share of the image too: half of theirs, as these digits fill their frame.
Catalogue: TypeAlias = dict[
    str, tuple[Callable[..., np.ndarray], tuple[float, ...]]
]
DISTURBANCES: Catalogue = {
    "noise": (_noise, (0.0, 0.25, 0.5, 0.75)),
    "blur": (blur, (0.0, 1.0, 2.0, 4.0)),
    "rectangles": (_rectangles, (0.0, 0.125, 0.25, 0.375)),
    "swirl": (_swirl, (0.0, 1.0, 2.0, 4.0)),
    "salt and pepper": (_salt_and_pepper, (0.0, 0.1, 0.2, 0.3)),
    "contamination": (_contamination, (0.0, 0.25, 0.5, 0.75)),
}


def disturbed(
    images: np.ndarray,
    name: str,
    level: float,
    seed: int,
    catalogue: Catalogue = DISTURBANCES,
) -> np.ndarray:
    """Images uint8 [n, h, w, c] after a disturbance of a catalogue."""
    function, _ = catalogue[name]
    rng = np.random.default_rng((seed, list(catalogue).index(name)))
    found = function(images.astype(np.float64), level, rng)
    return np.clip(np.rint(found), 0, 255).astype(np.uint8)


def scores(count: int, name: str, level: float, seed: int) -> dict[str, Any]:
    """FID, KID and IS of disturbed training images against held-out ones."""
    extractor = features.get_extractor("lenet_digits")
    digits = DataConfig(dataset="digits")
    real = data.load(digits, "test").images[:count]
    images = data.load(digits, "train").images
    order = np.random.default_rng(seed).permutation(len(images))[:count]
    images = disturbed(images[order], name, level, seed)
    numbers = metrics.score(
        features.extract(extractor, real),
        features.extract(extractor, images),
        ["fid", "kid_exact", "inception_score"],
        metrics.MetricSettings(num_splits=1),
    )
    merged = numbers["fid"] | numbers["kid_exact"] | numbers["inception_score"]
    examples = np.concatenate(images[:3], axis=1)[..., 0]
    return {name: merged[name] for name in _SCORES} | {"examples": examples}


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """All disturbances of 500 digits, at four levels."""
    count, curves = budget.steps(500, 200), {}
    for name, (_, levels) in DISTURBANCES.items():
        runs = [
            [
                parts.get(
                    f"{count} images, {name} {level}, seed {seed}",
                    scores, count, name, level, seed,
                )
                for level in levels
            ]
            for seed in budget.seeds
        ]  # fmt: skip
        curves[name] = {
            "levels": levels,
            "examples": [packed(entry["examples"]) for entry in runs[0]],
        }
        for score in _SCORES:
            found = [[entry[score] for entry in run] for run in runs]
            curves[name][score] = found
    return {"count": count, "curves": curves}


def monotone(numbers: Mapping[str, Any], score: str) -> dict[str, bool]:
    """Whether a score gets worse from level to level, on each seed."""
    worse = -1.0 if score == "inception_score" else 1.0
    return {
        name: bool((worse * np.diff(curve[score], axis=1) > 0.0).all())
        for name, curve in numbers["curves"].items()
    }


def holds(numbers: Mapping[str, Any]) -> bool:
    """FID and KID follow all disturbances."""
    return all(
        all(monotone(numbers, score).values()) for score in ("fid", "kid")
    )


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """A column for each disturbance: three images of each level, scores."""
    curves = numbers["curves"]
    axes = figure.subplots(4, len(curves), height_ratios=[1.6, 1, 1, 1])
    titles = {"fid": "FID", "kid": "KID, raw", "inception_score": "IS"}
    for axis, title in zip(axes[1:, 0], titles.values(), strict=True):
        axis.set_ylabel(title)
    for column, (name, curve) in zip(axes.T, curves.items(), strict=True):
        examples = np.concatenate(list(map(unpacked, curve["examples"])))
        column[0].imshow(
            examples, cmap="gray", vmin=0, vmax=255, interpolation="nearest"
        )
        column[0].set(xticks=[], yticks=[], title=name)
        for axis, score in zip(column[1:], titles, strict=True):
            for run in curve[score]:
                axis.plot(curve["levels"], run, ".-", color="C0", lw=1)
            axis.tick_params(labelsize=6)
        column[-1].set_xlabel("level", fontsize=8)


def caption(numbers: Mapping[str, Any]) -> str:
    """Which scores do not follow which disturbance."""

    def failures(score: str) -> str:
        follows = monotone(numbers, score)
        return ", ".join(n for n, good in follows.items() if not good) or "none"

    parts = ", ".join(
        f"{label}: {failures(score)}"
        for score, label in zip(_SCORES, ("FID", "KID", "IS"), strict=True)
    )
    return (
        f"{numbers['count']} digits, one line for each choice of them, three "
        "images of each level above. Disturbances at which a score does not "
        f"get worse from each level to the next: {parts}. In the source the "
        "Inception Score fails at several; there its classes were not those "
        "of the images, here the classifier was trained on these digits."
    )


STUDY: Study = Study(
    title="Scores of disturbed images",
    claim=(
        "FID, and KID with it, get worse with each level of a disturbance of "
        "the images, whichever it is."
    ),
    source=(
        "Heusel et al. 2017, GANs Trained by a Two Time-Scale Update Rule, "
        "figure 3, there with Inception features of CelebA."
    ),
    threshold=(
        "FID and KID rise from level to level at all six disturbances and on "
        "each seed."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    seeds=(0, 1, 2),
    size=(10.0, 7.0),
)
