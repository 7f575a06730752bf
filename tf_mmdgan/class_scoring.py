"""Scores class by class, of a model that is told what to draw."""

import numpy as np

from tf_mmdgan import data, errors, evaluation
from tf_mmdgan.models import ImplicitModel


def class_scores(
    extractor: evaluation.FeatureExtractor,
    real: data.ImageSet,
    model: ImplicitModel,
    weights: str = "ema",
    seed: int = 0,
) -> dict[str, dict[str, float]]:
    """KID of each class: the model's images of it against the real ones.

    By `kid_exact`, which needs no blocks: classes are small. The same latents
    make the images of all classes.

    Args:
      extractor: of the features.
      real: images with labels.
      model: with as many classes.
      weights: "ema" (averaged) or "current".
      seed: of the generated images.

    Returns:
      For the number of each class, what `kid_exact` says, and num_images: how
      many real ones there are, and as many generated ones. A class of fewer
      than two images has num_images alone.

    Raises:
      UsageError: for a model or data without classes, or with others.
    """
    if model.num_classes is None or model.num_classes != real.num_classes:
        raise errors.UsageError(
            f"The generator has {model.num_classes or 'no'} classes and the "
            f"data {real.num_classes or 'none'}: classes are scored of runs "
            "with --conditioning."
        )
    features = evaluation.extract(extractor, real.images).features
    scores = {}
    for label in range(real.num_classes):
        chosen = features[real.labels == label]
        scores[str(label)] = {"num_images": len(chosen)}
        if len(chosen) < 2:
            continue
        images = model.generate(len(chosen), seed, weights, label=label)
        generated = evaluation.extract(extractor, images).features
        found = evaluation.score(chosen, generated, ["kid_exact"])
        scores[str(label)] |= _finite(found["kid_exact"])
    return scores


def _finite(numbers: dict[str, float]) -> dict[str, float]:
    """Without the numbers that `kid_exact` does not define."""
    return {
        name: value for name, value in numbers.items() if np.isfinite(value)
    }
