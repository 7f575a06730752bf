"""Scores class by class, of a model that is told what to draw."""

import numpy as np

from tf_mmdgan import errors, metrics
from tf_mmdgan.evaluation.scorer import Scorer
from tf_mmdgan.models import ImplicitModel

_METRICS = ("kid_exact", "fid")  # neither needs blocks: classes are small
_OF_KID = ("kernel", "dtype")
MEAN = "mean"


def class_scores(
    scorer: Scorer,
    labels: np.ndarray | None,
    num_classes: int | None,
    model: ImplicitModel,
    weights: str = "ema",
) -> dict[str, dict[str, float]]:
    """Intra-KID and intra-FID: the model's images of a class against its own.

    The same latents make the images of all classes. The mean of the classes'
    FID is the intra-FID of Miyato and Koyama 2018, "cGANs with projection
    discriminator", https://arxiv.org/abs/1802.05637, section 4.1; as every FID
    it is biased upwards, and more so as classes are smaller.

    Args:
      scorer: of the run; its real images are those that have the labels.
      labels: of the real images, int [n].
      num_classes: of the data; None if it has no labels.
      model: with as many classes.
      weights: "ema" (averaged) or "current".

    Returns:
      For the number of each class, what `kid_exact` and `fid` say, and
      num_images: how many real ones there are, and as many generated ones. A
      class of fewer than two images has num_images alone. Under "mean", the
      mean of KID and FID over the other classes.

    Raises:
      UsageError: for a model or data without classes, or with others.
    """
    if model.num_classes is None or model.num_classes != num_classes:
        raise errors.UsageError(
            f"The generator has {model.num_classes or 'no'} classes and the "
            f"data {num_classes or 'none'}: classes are scored of runs with "
            "--conditioning."
        )
    settings = {k: v for k, v in scorer.settings.items() if k in _OF_KID}
    scores = {}
    for label in range(num_classes):
        real = scorer.real_features[labels == label]
        scores[str(label)] = {"num_images": len(real)}
        if len(real) < 2:
            continue
        images = model.generate(len(real), scorer.seed, weights, label=label)
        found = metrics.score(
            real, scorer.features(images), _METRICS, **settings
        )
        for numbers in found.values():
            scores[str(label)] |= _finite(numbers)
    return scores | {MEAN: _mean(scores)}


def _mean(scores: dict[str, dict[str, float]]) -> dict[str, float]:
    scored = [numbers for numbers in scores.values() if "kid" in numbers]
    mean = {"num_images": sum(numbers["num_images"] for numbers in scored)}
    if scored:
        for name in ("kid", "fid"):
            mean[name] = float(np.mean([numbers[name] for numbers in scored]))
    return mean


def _finite(numbers: dict[str, float]) -> dict[str, float]:
    """Without the numbers that a metric does not define."""
    return {
        name: value for name, value in numbers.items() if np.isfinite(value)
    }
