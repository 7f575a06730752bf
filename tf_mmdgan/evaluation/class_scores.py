"""Scores of single classes, for a model that is told the class to draw."""

import numpy as np

from tf_mmdgan import errors, metrics
from tf_mmdgan.evaluation.scorer import Scorer
from tf_mmdgan.features import Extracted
from tf_mmdgan.models import ImplicitModel

_METRICS = ("kid_exact", "fid")  # neither needs blocks: classes are small


def class_scores(
    scorer: Scorer,
    labels: np.ndarray | None,
    num_classes: int | None,
    model: ImplicitModel,
    weights: str = "ema",
) -> dict[str, dict[str, float]]:
    """KID and FID of each class: intra-KID and intra-FID.

    The model's images of a class are compared with the real images of the same
    class, and there are as many of them. All classes are drawn from the same
    latents. The mean of the classes' FID is the intra-FID of Miyato and Koyama
    2018, "cGANs with projection discriminator",
    https://arxiv.org/abs/1802.05637, section 4.1. Like every FID it is biased
    upwards, the more so the smaller the classes are.

    Args:
      scorer: of the run.
      labels: of the scorer's real images, int [n].
      num_classes: of the data; None if it has no labels.
      model: what is scored.
      weights: "ema" (averaged) or "current".

    Returns:
      Under the number of each class, what `kid_exact` and `fid` say, and
      num_images, the number of its real images. A class of fewer than two
      images has num_images alone. Under "mean", the mean KID and FID of the
      other classes.

    Raises:
      UsageError: if the model or the data has no classes, or if they have
        unequal numbers of classes.
    """
    if model.num_classes is None or model.num_classes != num_classes:
        raise errors.UsageError(
            f"The generator has {model.num_classes or 'no'} classes and the "
            f"data {num_classes or 'none'}: classes are scored of runs with "
            "--conditioning."
        )
    scores: dict[str, dict[str, float]] = {}
    for label in range(num_classes):
        real = scorer.real_features[labels == label]
        scores[str(label)] = {"num_images": len(real)}
        if len(real) < 2:
            continue
        seed = scorer.settings.seed
        images = model.generate(len(real), seed, weights, label=label)
        found = metrics.score(
            Extracted(real),
            Extracted(scorer.features(images)),
            _METRICS,
            scorer.settings,
        )
        for numbers in found.values():
            scores[str(label)] |= _finite(numbers)
    return scores | {"mean": _mean(scores)}


def _mean(scores: dict[str, dict[str, float]]) -> dict[str, float]:
    scored = [numbers for numbers in scores.values() if "kid" in numbers]
    mean = {"num_images": sum(numbers["num_images"] for numbers in scored)}
    if scored:
        for name in ("kid", "fid"):
            mean[name] = float(np.mean([numbers[name] for numbers in scored]))
    return mean


def _finite(numbers: dict[str, float]) -> dict[str, float]:
    """Leaves out numbers that are not defined for so few images."""
    return {
        name: value for name, value in numbers.items() if np.isfinite(value)
    }
