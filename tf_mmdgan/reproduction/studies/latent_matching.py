"""More samples like some given ones, from a generator, by its latents.

Jitkrittum et al. 2019, "Kernel mean matching for content addressability of
GANs", https://arxiv.org/abs/1905.05882.
"""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from tf_mmdgan import data, kernels, methods
from tf_mmdgan.config import DataConfig, TrainConfig
from tf_mmdgan.models import ImplicitModel
from tf_mmdgan.reproduction.studies.study import Budget, Parts, Study

STEPS, QUICK_STEPS = 5500, 550
_AUTOENCODER_SHARE = 3 / 11
_SEARCH_STEPS, _QUICK_SEARCH_STEPS = 200, 20
_EXAMPLES, _COUNT, _DRAWS, _INVERTED = 6, 12, 1000, 50
_LEAST_SHARE = 0.9
_FEATURES = "lenet_digits"


def generator(seed: int, steps: int) -> ImplicitModel:
    """A generator of digits: drifting of codes, as in its recipe."""
    config = TrainConfig(
        run_dir="unused", dataset="digits", objective="drift_ae", seed=seed,
        autoencoder_steps=round(_AUTOENCODER_SHARE * steps),
        critic_output=16, architecture="gmmn", critic_width=16,
        generator_batch_norm=False, latent_size=10, batch_size=200,
        learning_rate=2e-3, critic_learning_rate=1e-3, beta_2=0.999,
        learning_rate_schedule="linear", steps=steps, log_every=50,
        steps_per_execution=50,
    )  # fmt: skip
    digits = data.load(config, "train")
    keras.utils.set_random_seed(seed)
    model = methods.make_model(config, digits.images.shape[1:])
    model.fit(
        data.batches(digits, config.batch_size, seed),
        steps_per_epoch=steps,
        verbose=0,
    )
    return model


def nearest_labels(images: np.ndarray) -> np.ndarray:
    """The label of the training digit nearest in pixels, of each image."""
    train = data.load(DataConfig(dataset="digits"), "train")
    assert train.labels is not None
    rows, known = (
        np.float64(x.reshape(len(x), -1)) for x in (images, train.images)
    )
    squares = kernels.squared_distances(rows, known).numpy()
    return train.labels[squares.argmin(axis=1)]


def measure(seed: int, steps: int, search_steps: int) -> dict[str, Any]:
    """What one generator gives for six held-out examples of each class."""
    model = generator(seed, steps)
    test = data.load(DataConfig(dataset="digits"), "test")
    assert test.labels is not None
    rng = np.random.default_rng(seed)
    settings: dict[str, Any] = {
        "features": _FEATURES,
        "draws": _DRAWS,
        "seed": seed,
    }
    found: dict[str, list[Any]] = {
        name: []
        for name in ("herded", "matched", "before", "after", "pictures")
    }
    for label in range(10):
        of_class = np.flatnonzero(test.labels == label)
        examples = test.images[rng.choice(of_class, _EXAMPLES, False)]
        herded = model.more_like(examples, _COUNT, steps=0, **settings)
        matched = model.more_like(
            examples, _COUNT, steps=search_steps, **settings
        )
        for name, images in (("herded", herded), ("matched", matched)):
            share = np.mean(nearest_labels(images.images) == label)
            found[name].append(share)
        found["before"].append(matched.before[0])
        found["after"].append(matched.after[0])
        if label in (3, 8):
            found["pictures"].append(
                [x[:6, ::2, ::2, 0] for x in (
                    examples, herded.images, matched.images
                )]
            )  # fmt: skip
    inverted = model.invert(
        test.images[:_INVERTED], steps=search_steps, **settings
    )
    return {
        **found,
        "inverted_before": inverted.before,
        "inverted_after": inverted.after,
    }


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """What the generator of each seed gives."""
    lengths = (
        budget.steps(STEPS, QUICK_STEPS),
        budget.steps(_SEARCH_STEPS, _QUICK_SEARCH_STEPS),
    )
    names = [f"seed {seed}, {lengths[0]} steps" for seed in budget.seeds]
    return {
        "runs": [
            parts.get(name, measure, seed, *lengths)
            for name, seed in zip(names, budget.seeds, strict=True)
        ]
    }


def _means(numbers: Mapping[str, Any], name: str) -> np.ndarray:
    """Mean over classes or pictures, of each seed."""
    return np.array([np.mean(run[name]) for run in numbers["runs"]])


def holds(numbers: Mapping[str, Any]) -> bool:
    """The right classes, a smaller MMD, and nearer pictures, for each seed."""
    closer = _means(numbers, "after") < 0.5 * _means(numbers, "before")
    nearer = _means(numbers, "inverted_after") < 0.5 * _means(
        numbers, "inverted_before"
    )
    right = _means(numbers, "matched") >= _LEAST_SHARE
    return bool(np.all(closer & nearer & right))


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """Shares of the asked classes, and examples with what was found."""
    top, bottom = figure.subfigures(2, 1, height_ratios=[1.2, 1])
    axes = top.subplots()
    for offset, name, label in (
        (-0.2, "herded", f"best of {_DRAWS:,} draws"),
        (0.2, "matched", "latents moved"),
    ):
        shares = np.mean([run[name] for run in numbers["runs"]], axis=0)
        axes.bar(np.arange(10) + offset, shares, 0.4, label=label)
    axes.set(
        title=f"Share of the class asked for by {_EXAMPLES} examples",
        xticks=range(10), ylim=(0, 1.02),
    )  # fmt: skip
    top.legend(loc="outside upper right", ncols=2)
    pictures = numbers["runs"][0]["pictures"]
    grid = bottom.subplots(len(pictures), 3, squeeze=False)
    for axes, title in zip(
        grid[0], ("examples, held out", "best draws", "latents moved"),
        strict=True,
    ):  # fmt: skip
        axes.set_title(title)
    for row, sheets in zip(grid, pictures, strict=True):
        for panel, images in zip(row, sheets, strict=True):
            sheet = np.concatenate(list(np.array(images)), axis=1)
            panel.imshow(sheet, cmap="gray")
            panel.set(xticks=[], yticks=[])


def caption(numbers: Mapping[str, Any]) -> str:
    """Mean shares and distances over classes and seeds."""
    herded, matched = (
        100 * _means(numbers, name).mean() for name in ("herded", "matched")
    )
    before, after = (
        _means(numbers, name).mean() for name in ("before", "after")
    )
    far, near = (
        _means(numbers, f"inverted_{name}").mean()
        for name in ("before", "after")
    )
    return (
        f"{matched:.1f} % of the images are of the class asked for, "
        f"{herded:.1f} % of the best draws; MMD^2 falls from {before:.3f} to "
        f"{after:.3f}. The distance of held-out digits from the nearest of "
        f"{_DRAWS:,} draws is {far:.2f} of a usual draw's 2, and {near:.2f} "
        "after the descent."
    )


STUDY: Study = Study(
    title="More samples like these, from a generator",
    claim=(
        "A trained generator makes images like some given ones, without being "
        "trained again, when the mean embedding of its images is matched to "
        "theirs over its latents; its latents of one's own picture are found "
        "by descent."
    ),
    source=(
        "Jitkrittum et al. 2019, Kernel mean matching for content "
        "addressability of GANs; Gretton, introduction to GANs."
    ),
    threshold=(
        f"for {_EXAMPLES} held-out digits of a class at least "
        f"{100 * _LEAST_SHARE:.0f} % of {_COUNT} images are of that class, by "
        "the nearest training digit in pixels, on average over classes; and "
        f"MMD^2, and the distance of {_INVERTED} held-out digits from their "
        f"images, are less than half of those of the best of {_DRAWS:,} draws."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    seeds=(0, 1),
    size=(8.0, 5.0),
)
