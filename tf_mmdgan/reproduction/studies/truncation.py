"""Truncated latents: better samples, fewer kinds of them.

Brock, Donahue and Simonyan 2019, "Large scale GAN training for high fidelity
natural image synthesis", section 3.1, https://arxiv.org/abs/1809.11096.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from tf_mmdgan import data, features, images, methods, metrics
from tf_mmdgan.config import DataConfig, TrainConfig
from tf_mmdgan.models import ImplicitModel
from tf_mmdgan.models.standing import with_standing_statistics
from tf_mmdgan.reproduction.studies.study import (
    Budget,
    Parts,
    Study,
    packed,
    unpacked,
)

STEPS, QUICK_STEPS = 4000, 20
_SAMPLES = 1000
_STANDING_BATCHES = 16
# From all latents to a fifth of each element's distribution.
LEVELS = (1.0, 0.8, 0.6, 0.4, 0.2)


def generator(seed: int, steps: int) -> ImplicitModel:
    """A BigGAN of digits by class, as flags/digits_biggan.cfg trains it."""
    config = TrainConfig(
        run_dir="unused", dataset="digits", objective="gan_hinge", seed=seed,
        conditioning="projection", architecture="biggan", generator_width=8,
        critic_width=8, critic_steps=1, orthogonal_penalty=1e-4,
        latent_size=60, latent_distribution="normal", learning_rate=1e-4,
        critic_learning_rate=4e-4, beta_1=0.0, beta_2=0.999, steps=steps,
    )  # fmt: skip
    digits = data.load(config, "train")
    shape = digits.images.shape[1:]
    model = methods.make_model(config, shape, digits.condition)
    model.fit(
        data.batches(digits, config.batch_size, seed, with_labels=True),
        steps_per_epoch=steps,
        verbose=0,
    )
    return model


def draw_truncated(model: ImplicitModel, truncation: float) -> np.ndarray:
    """Images of truncated latents, the classes by their law.

    Batch normalisation has the statistics of untruncated latents, as in an
    export.
    """
    pair = tf.constant([0, 0], tf.int64)
    assert model.condition is not None
    standing = with_standing_statistics(
        model.ema_generator, model.latents, _STANDING_BATCHES, 64,
        condition=model.condition,
    )  # fmt: skip
    latents = model.latents.sample(pair, _SAMPLES, 0, truncation)
    labels = model.condition.draw(pair, _SAMPLES, 0)
    return images.to_uint8(standing([latents, labels])).numpy()


def measure(seed: int, steps: int) -> list[dict[str, Any]]:
    """Precision, recall and KID at each level of truncation."""
    model = generator(seed, steps)
    held_out = data.load(DataConfig(dataset="digits"), "test").images
    extractor = features.get_extractor("lenet_digits")
    real = features.extract(extractor, held_out)
    found = []
    for level in LEVELS:
        drawn = draw_truncated(model, level)
        scores = metrics.score(
            real, features.extract(extractor, drawn),
            ["prdc", "kid_exact"], metrics.MetricSettings(),
        )  # fmt: skip
        found.append(
            {
                "precision": scores["prdc"]["precision"],
                "recall": scores["prdc"]["recall"],
                "kid": scores["kid_exact"]["kid"],
                "pictures": packed(drawn[:16, ..., 0]),
            }
        )
    return found


def compute(budget: Budget, parts: Parts) -> Mapping[str, Any]:
    """All levels, of a generator for each seed."""
    steps = budget.steps(STEPS, QUICK_STEPS)
    calls = {f"seed {s}, {steps} steps": (s, steps) for s in budget.seeds}
    return {"steps": steps, "runs": parts.get_all(measure, calls)}


def holds(numbers: Mapping[str, Any]) -> bool:
    """Precision rises to 1, and recall falls to 0, with each level until then.

    Both are shares, and stay where they cannot go on.
    """
    runs = numbers["runs"]
    missing = 1.0 - np.array([[at["precision"] for at in run] for run in runs])
    found = np.array([[at["recall"] for at in run] for run in runs])
    return all(
        bool(((np.diff(left) < 0.0) | (left[:, 1:] == 0.0)).all())
        for left in (missing, found)
    )


def draw(numbers: Mapping[str, Any], figure: Any) -> None:
    """Scores by level, and samples of the first generator at each."""
    top, bottom = figure.subfigures(2, 1, height_ratios=[1.3, 1])
    panels = top.subplots(1, 2)
    for number, run in enumerate(numbers["runs"]):
        for index, score in enumerate(("precision", "recall")):
            panels[0].plot(
                LEVELS, [at[score] for at in run], ".-", color=f"C{index}",
                lw=1, label=None if number else score,
            )  # fmt: skip
        panels[1].plot(LEVELS, [at["kid"] for at in run], ".-C2", lw=1)
    panels[0].set(xlabel="share of the latents", ylim=(0, 1.02))
    panels[0].legend()
    panels[1].set(xlabel="share of the latents", ylabel="KID")
    for axes in panels:
        axes.invert_xaxis()
    for axes, level, at in zip(
        bottom.subplots(1, len(LEVELS)), LEVELS, numbers["runs"][0], strict=True
    ):
        rows = unpacked(at["pictures"]).reshape(4, 4, 16, 16)
        sheet = rows.transpose(0, 2, 1, 3).reshape(64, 64)
        axes.imshow(sheet, cmap="gray", vmin=0, vmax=255)
        axes.set(xticks=[], yticks=[])
        axes.set_title(f"{level:g}", fontsize=8)


def caption(numbers: Mapping[str, Any]) -> str:
    """Means over seeds, by level."""

    def means(score: str) -> str:
        values = [[at[score] for at in run] for run in numbers["runs"]]
        return ", ".join(f"{mean:.2f}" for mean in np.mean(values, axis=0))

    levels = ", ".join(f"{level:g}" for level in LEVELS)
    return (
        f"Elements of the latents are drawn from the central {levels} of their "
        f"distribution. Means over seeds: precision {means('precision')}, "
        f"recall {means('recall')}, KID {means('kid')}. BigGAN by class, after "
        f"{numbers['steps']} steps."
    )


STUDY: Study = Study(
    title="Truncated latents: precision against recall",
    claim=(
        "The more the latents of a trained generator are truncated, the better "
        "single samples are, and the fewer kinds of them there are."
    ),
    source=(
        "Brock, Donahue and Simonyan 2019, Large Scale GAN Training for High "
        "Fidelity Natural Image Synthesis, section 3.1, there with Inception "
        "Score and FID of ImageNet."
    ),
    threshold=(
        "over five levels, on each seed, precision rises and recall falls from "
        "level to level, until it is 1 or 0."
    ),
    compute=compute,
    holds=holds,
    draw=draw,
    caption=caption,
    seeds=(0, 1, 2),
    size=(8.0, 5.0),
)
