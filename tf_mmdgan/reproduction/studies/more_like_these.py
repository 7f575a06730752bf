"""More samples like some given ones, by matching their mean embedding.

Kernel herding from a pool: Chen, Welling, Smola 2010, "Super-samples from
kernel herding", https://arxiv.org/abs/1203.3472.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_mmdgan import data, features, kernels
from tf_mmdgan.config import DataConfig
from tf_mmdgan.mmd import embeddings
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

_EXAMPLES = 6
_CHOSEN = 20
_LEAST_SHARE = 0.9


def queries(labels: np.ndarray, rng: np.random.Generator) -> dict[str, Any]:
    """Indices of examples: of each class, and of pairs of classes in half."""

    def some(label: int, count: int) -> np.ndarray:
        return rng.choice(np.flatnonzero(labels == label), count, False)

    found = {str(k): some(k, _EXAMPLES) for k in range(10)}
    for k in range(0, 10, 2):
        halves = [some(label, _EXAMPLES // 2) for label in (k, k + 1)]
        found[f"{k}{k + 1}"] = np.concatenate(halves)
    return found


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """What is taken from the training digits for held-out examples."""
    del parts
    extractor = features.get_extractor("lenet_digits")
    digits = DataConfig(dataset="digits")
    pool, test = data.load(digits, "train"), data.load(digits, "test")
    points, asked = (
        np.float64(features.extract(extractor, d.images).features)
        for d in (pool, test)
    )
    squares = kernels.squared_distances(points[:300], points[:300]).numpy()
    sigma = float(np.sqrt(np.median(squares[squares > 0]) / 2.0)) / 2.0
    kernel = kernels.Gaussian((sigma,))
    gram = kernel(points, points).numpy()
    assert pool.labels is not None and test.labels is not None
    shares: dict[str, list[list[float]]] = {}
    pictures = {}
    for seed in budget.seeds:
        rng = np.random.default_rng(seed)
        for name, rows in queries(test.labels, rng).items():
            target = kernel(points, asked[rows]).numpy().mean(axis=1)
            taken = embeddings.greedy_match(
                gram.__getitem__, np.diag(gram), target, _CHOSEN
            )
            labels = pool.labels[taken]
            counts = [np.mean(labels == int(label)) for label in name]
            shares.setdefault(name, []).append(counts)
            if seed == budget.seeds[0] and name in ("3", "8", "45"):
                pictures[name] = {
                    "examples": test.images[rows, ::2, ::2, 0],
                    "taken": pool.images[taken[:12], ::2, ::2, 0],
                }
    return {"sigma": sigma, "shares": shares, "pictures": pictures}


def holds(numbers: Mapping[str, Any]) -> bool:
    """Right classes, and both halves of mixed queries."""
    means = {n: np.mean(v, axis=0) for n, v in numbers["shares"].items()}
    single = [m[0] for n, m in means.items() if len(n) == 1]
    mixed = [m for n, m in means.items() if len(n) == 2]
    return bool(
        np.mean(single) > _LEAST_SHARE
        and np.mean([m.sum() for m in mixed]) > _LEAST_SHARE
        and np.all(np.abs(np.array(mixed) - 0.5) < 0.2)
    )


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """Shares of the asked classes, and examples with what was taken."""
    top, bottom = figure.subfigures(2, 1, height_ratios=[1.2, 1])
    axes = top.subplots()
    names = list(numbers["shares"])
    means = [np.mean(numbers["shares"][n], axis=0) for n in names]
    labels = [n if len(n) == 1 else f"{n[0]} and {n[1]}" for n in names]
    axes.bar(labels, [m[0] for m in means], label="first class asked for")
    seconds = [m[1] if len(m) > 1 else 0.0 for m in means]
    axes.bar(
        labels, seconds, bottom=[m[0] for m in means], label="second class"
    )
    axes.axhline(0.5, color="0.6", ls="--")
    axes.set(
        title=f"Classes of {_CHOSEN} digits taken for {_EXAMPLES} examples",
        ylabel="share", ylim=(0, 1.02),
    )  # fmt: skip
    axes.tick_params(axis="x", labelrotation=30)
    top.legend(loc="outside upper right", ncols=2)
    grid = bottom.subplots(
        len(numbers["pictures"]), 2, width_ratios=[1, 2], squeeze=False
    )
    for axes, title in zip(
        grid[0], ("examples, held out", "taken from training"), strict=True
    ):
        axes.set_title(title)
    for row, pictures in zip(grid, numbers["pictures"].values(), strict=True):
        for panel, images in zip(row, pictures.values(), strict=True):
            sheet = np.concatenate(list(np.array(images)), axis=1)
            panel.imshow(sheet, cmap="gray")
            panel.set(xticks=[], yticks=[])


def caption(numbers: Mapping[str, Any]) -> str:
    """Mean shares."""
    means = {n: np.mean(v, axis=0) for n, v in numbers["shares"].items()}
    single = np.mean([m[0] for n, m in means.items() if len(n) == 1])
    mixed = np.array([m for n, m in means.items() if len(n) == 2])
    return (
        f"For examples of one class {100 * single:.1f} % of what is taken is "
        "of that class; for examples of two classes, "
        f"{100 * mixed.sum(1).mean():.1f} % is of either, with shares of "
        f"{100 * mixed.min():.0f} to {100 * mixed.max():.0f} %."
    )


STUDY: Study = Study(
    title="More samples like these",
    claim=(
        "Samples like some given examples are found by matching the mean "
        "embedding of the examples; a mixed set of examples gives a set that "
        "is mixed alike."
    ),
    source=(
        "Gretton, introduction to GANs, lecture notes; Chen, Welling, Smola "
        "2010, Super-Samples from Kernel Herding."
    ),
    threshold=(
        f"of {_CHOSEN} training digits taken for {_EXAMPLES} held-out examples "
        f"at least {100 * _LEAST_SHARE:.0f} % are of the classes asked for, on "
        "average, and each class of a mixed query has a share within 0.2 of a "
        "half."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    seeds=tuple(range(10)),
    size=(8.0, 5.0),
)
