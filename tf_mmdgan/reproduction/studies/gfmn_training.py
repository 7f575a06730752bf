"""Training on moments of frozen features of digits, for two studies."""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from tf_mmdgan import data
from tf_mmdgan.config import DataConfig
from tf_mmdgan.features import (
    FeatureExtractor,
    extract,
    get_extractor,
    get_matched,
)
from tf_mmdgan.latents import Latents
from tf_mmdgan.metrics import kid
from tf_mmdgan.models import FeatureMatchingModel, feature_matching
from tf_mmdgan.networks import GeneratorOptions, mlp

IMAGE_SIZE = 16
SAMPLES = 1000
_PER_CALL = 25
_LATENTS = Latents(20, "normal")


@dataclasses.dataclass(frozen=True)
class FeatureTraining:
    """One way to train.

    Attributes:
      average: "adam" or "plain".
      rate: of the moving average.
      generator_rate: of the generator's Adam.
      batch_size: generated images in an update.
      seed: of the run.
    """

    average: str
    rate: float
    generator_rate: float = 1e-3
    batch_size: int = 64
    seed: int = 0


def features(images: np.ndarray) -> np.ndarray:
    """The last hidden layer of the LeNet, from which KID is computed."""
    return extract(_extractor(), images).features


@functools.cache
def _extractor() -> FeatureExtractor:
    return get_extractor("lenet_digits")


def train(run: FeatureTraining, steps: int, every: int) -> list[dict[str, Any]]:
    """Trains, and scores the current generator at multiples of `every`.

    Returns:
      For each time: "step", "distance" (the squared distance of the moments of
      1,000 generated images from the data's, which the loss estimates), "kid"
      against the held-out images; at the last time "pictures".
    """
    keras.utils.set_random_seed(run.seed)
    source = DataConfig(dataset="digits", image_size=IMAGE_SIZE)
    digits = data.load(source, "train")
    held_out = features(data.load(source, "test").images)
    matched = get_matched("lenet_digits", digits.image_shape)
    model = FeatureMatchingModel(
        mlp.generator(
            digits.image_shape, GeneratorOptions(_LATENTS.size, width=128)
        ),
        _LATENTS,
        matched,
        seed=run.seed,
    )
    averages = {
        "adam": functools.partial(keras.optimizers.Adam, beta_1=0.5),
        "plain": keras.optimizers.SGD,
    }
    model.compile(
        keras.optimizers.Adam(run.generator_rate, beta_1=0.5),
        averages[run.average](run.rate),
        steps_per_execution=_PER_CALL,
        jit_compile=False,
    )
    model.adapt(digits.images)
    times: list[dict[str, Any]] = []
    for step in range(every, steps + 1, every):
        start = int(model.updates.numpy())
        batches = data.batches(digits, run.batch_size, run.seed, start=start)
        model.fit(batches, steps_per_epoch=every, verbose=0)
        images = model.generate(SAMPLES, weights="current")
        moments = feature_matching.data_moments(matched, images)
        times.append(
            {
                "step": step,
                "distance": sum(
                    float(np.square(target.numpy() - moment).sum())
                    for target, moment in zip(
                        model.target, moments, strict=True
                    )
                ),
                "kid": kid.kid(held_out, features(images), "exact").mean,
            }
        )
    times[-1]["pictures"] = images[:16, :, :, 0]
    return times


def rank_correlation(x: Sequence[float], y: Sequence[float]) -> float:
    """Spearman's rank correlation of values without ties, in [-1, 1]."""
    first, second = (np.argsort(np.argsort(values)) for values in (x, y))
    return float(np.corrcoef(first, second)[0, 1])
