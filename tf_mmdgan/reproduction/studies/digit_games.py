"""Generator and critic on digits of 16 pixels, for claims about images.

Networks, batches and latents are those of flags/compare_digits.cfg.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tf_mmdgan import data, features, methods, metrics
from tf_mmdgan.config import DataConfig, TrainConfig
from tf_mmdgan.models import AdversarialModel
from tf_mmdgan.networks import spectra
from tf_mmdgan.reproduction.studies.study import (
    Budget,
    Parts,
    packed,
    unpacked,
)

_SAMPLES = 1000
_SHOWN = 16
_BASE: dict[str, Any] = {
    "dataset": "digits",
    "architecture": "dcgan",
    "generator_width": 16,
    "critic_width": 16,
    "latent_size": 64,
    "batch_size": 32,
}
# In a WGAN nothing bounds the critic but the normalisation of its layers.
SN_WGAN: dict[str, Any] = {
    "objective": "wgan",
    "weight_clip": 0.0,
    "burn_in_critic_steps": 0,
    "critic_batch_norm": False,
    "spectral_norm": "matrix",
}


def config_of(
    settings: Mapping[str, Any], seed: int, steps: int
) -> TrainConfig:
    """The configuration of a game."""
    return TrainConfig(
        run_dir="unused", seed=seed, steps=steps, **{**_BASE, **settings}
    )


def play(
    settings: Mapping[str, Any], seed: int, steps: int, times: int
) -> list[dict[str, Any]]:
    """Trains one game, and looks at it before and at equal distances.

    Args:
      settings: of `TrainConfig`, beside those of all games.
      seed: of the run.
      steps: of the generator.
      times: looks after the first; a divisor of `steps`.

    Returns:
      For each look "step"; "kid" of the current generator against the held-out
      digits, exact, by the features of a LeNet, not a number where images or
      critic are not finite; "ranks", the effective rank of each layer of the
      critic; at the last one "pictures", some samples.
    """
    config = config_of(settings, seed, steps)
    digits = data.load(config, "train")
    model = methods.make_model(config, digits.images.shape[1:])
    assert isinstance(model, AdversarialModel)
    looks = [_look(model, 0)]
    every = steps // times
    for step in range(every, steps + 1, every):
        start = int(model.updates.numpy())
        batches = data.batches(digits, config.batch_size, seed, start=start)
        model.fit(batches, steps_per_epoch=every, verbose=0)
        looks.append(_look(model, step))
    drawn = model.generate(_SHOWN, weights="current")[..., 0]
    looks[-1]["pictures"] = packed(drawn)
    return looks


def play_all(
    parts: Parts,
    games: Mapping[str, Mapping[str, Any]],
    budget: Budget,
    steps: int,
    times: int,
) -> dict[str, list[Any]]:
    """`play` of the settings of each name, from all seeds."""
    return {
        name: parts.get_all(
            play,
            {
                f"{name}, seed {seed}, {steps} steps": (
                    settings, seed, steps, times,
                )
                for seed in budget.seeds
            },
        )
        for name, settings in games.items()
    }  # fmt: skip


def _look(model: AdversarialModel, step: int) -> dict[str, Any]:
    weights = [w.numpy() for w in model.weights]
    if not all(np.isfinite(w).all() for w in weights):
        return {"step": step, "kid": math.nan, "ranks": {}}
    held_out = data.load(DataConfig(dataset="digits"), "test").images
    images = model.generate(_SAMPLES, weights="current")
    extractor = features.get_extractor("lenet_digits")
    real, fake = (features.extract(extractor, x) for x in (held_out, images))
    found = metrics.score(real, fake, ["kid_exact"], metrics.MetricSettings())
    return {
        "step": step,
        "kid": found["kid_exact"]["kid"],
        "ranks": {
            name: spectra.effective_rank(values)
            for name, values in spectra.layer_spectra(model.critic).items()
        },
    }


def curve(run: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """KID at each look of a run; infinite where it had diverged."""
    values = [math.nan if t["kid"] is None else t["kid"] for t in run]
    return np.nan_to_num(values, nan=math.inf, posinf=math.inf)


def share_left(run: Sequence[Mapping[str, Any]]) -> float:
    """KID in the end, as a share of the untrained generator's."""
    kid = curve(run)
    return float(kid[-1] / kid[0])


def draw_curves(
    axes: Any, runs: Mapping[str, Sequence[Sequence[Mapping[str, Any]]]]
) -> None:
    """KID over steps, a line for each seed, a colour for each method."""
    for index, (name, of_method) in enumerate(runs.items()):
        for number, run in enumerate(of_method):
            axes.plot(
                [look["step"] for look in run], curve(run), lw=1,
                color=f"C{index}", label=None if number else name,
            )  # fmt: skip
    axes.set(xlabel="generator step", ylabel="KID", ylim=(-2, None))
    axes.legend(fontsize=7)


def draw_samples(axes: Any, run: Sequence[Mapping[str, Any]]) -> None:
    """The samples at the end of a run, four by four."""
    pictures = unpacked(run[-1]["pictures"])
    rows = [np.concatenate(list(row), axis=1) for row in np.split(pictures, 4)]
    axes.imshow(np.concatenate(rows), cmap="gray", vmin=0, vmax=255)
    axes.set(xticks=[], yticks=[])
