"""What a classifier learns of generated images: the score CAS."""

import math
from typing import NamedTuple

import numpy as np

from tf_mmdgan import data, errors
from tf_mmdgan.config import DataConfig, EvaluateConfig
from tf_mmdgan.features import lenet
from tf_mmdgan.models import ImplicitModel

_MOST_IMAGES = 10_000  # generated ones, where nothing says how many
# A small set is seen as often as by the networks that the package has trained.
_MOST_EPOCHS, _SEEN = 40, 100_000


class Labelled(NamedTuple):
    """Images and what they show.

    Attributes:
      images: uint8 [n, h, w, c].
      labels: int64 [n], in 0 .. num_classes - 1.
      num_classes: number of classes.
    """

    images: np.ndarray
    labels: np.ndarray
    num_classes: int


def accuracy_score(
    fake: Labelled, real: Labelled, seed: int = 0
) -> dict[str, float]:
    """CAS: accuracy on real images of a classifier trained on generated ones.

    The classifier is a LeNet (`lenet.train`). Source: the Classification
    Accuracy Score of Ravuri and Vinyals 2019, https://arxiv.org/abs/1905.10887,
    where it is a ResNet-50.

    Args:
      fake: what it learns.
      real: what it is tested on.
      seed: of the classifier's weights, the order and the shifts.

    Returns:
      cas in [0, 1], its standard error cas_standard_error by the number of
      real images (other seeds of the classifier are not in it), and
      cas_num_train, the number of generated images.

    Raises:
      UsageError: as `check`.
      DataError: as `check`.
    """
    check(fake.images.shape[1:], fake.num_classes, real)
    epochs = max(1, min(_MOST_EPOCHS, round(_SEEN / len(fake.images))))
    network = lenet.train(
        fake.images, fake.labels, fake.num_classes, seed, epochs
    )
    found = lenet.accuracy(network, real.images, real.labels)
    count = len(real.images)
    return {
        "cas": found,
        "cas_standard_error": math.sqrt(found * (1.0 - found) / count),
        "cas_num_train": len(fake.images),
    }


def check(
    shape: tuple[int, ...], num_classes: int | None, real: Labelled
) -> None:
    """Refuses what no classifier learns, before there are images to learn of.

    Args:
      shape: [h, w, c] of these images.
      num_classes: that they are of.
      real: what it would be tested on.

    Raises:
      UsageError: for images that are too small for a LeNet.
      DataError: for images of unequal shapes or numbers of classes.
    """
    if tuple(shape) != real.images.shape[1:]:
        raise errors.DataError(
            f"The classifier learns of images {tuple(shape)} and is tested on "
            f"{real.images.shape[1:]}: bring both to one shape."
        )
    if num_classes != real.num_classes:
        raise errors.DataError(
            f"The classifier learns {num_classes} classes and is tested on "
            f"{real.num_classes}: both need the same."
        )
    lenet.check(real.images.shape[1:], real.num_classes)


def of_source(source: str, config: EvaluateConfig) -> Labelled:
    """A labelled data set, NAME or NAME/SPLIT.

    Raises:
      UsageError: for a source of another kind.
      DataError: for one without labels.
    """
    named = data.source_of(source)
    if named is None:
        raise errors.UsageError(
            f"{source}: --cas is for a run with classes, or for data sets "
            "with labels, such as --real=digits/test --fake=digits/train."
        )
    name, split = named
    place = DataConfig.of(config, dataset=name, image_size=config.image_size)
    return of_set(data.load(place, split), source)


def of_set(found: data.ImageSet, source: str) -> Labelled:
    """The same of a set that is loaded."""
    if found.table is not None:
        raise errors.UsageError(
            f"{source} has rows of a table, and --cas is for images."
        )
    if found.labels is None or found.num_classes is None:
        has = found.condition or "no labels"
        raise errors.DataError(f"{source} has {has}, and --cas needs classes.")
    return Labelled(found.images, found.labels, found.num_classes)


def check_classes(model: ImplicitModel, like: Labelled) -> None:
    """Refuses a model that does not draw the classes of some images.

    Raises:
      UsageError: for a model that takes no classes, or other ones.
    """
    if model.num_classes != like.num_classes:
        raise errors.UsageError(
            f"The generator has {model.num_classes or 'no'} classes and the "
            f"data {like.num_classes}: --cas is for runs with --conditioning."
        )


def of_model(
    model: ImplicitModel,
    like: Labelled,
    count: int | None,
    seed: int,
    weights: str = "ema",
) -> Labelled:
    """Images that a model draws of each class, as many as `like` has of it.

    Args:
      model: draws the class that it is told.
      like: the training images, which say how many there are of each class.
      count: how many in all; None for as many as `like`, at most 10,000.
      seed: of the latents.
      weights: "ema" (averaged) or "current".

    Raises:
      UsageError: for a model that takes no classes, or other ones.
    """
    check_classes(model, like)
    count = count or min(_MOST_IMAGES, len(like.labels))
    order = np.random.default_rng(seed).permutation(len(like.labels))
    labels = np.sort(np.resize(like.labels[order], count))
    images, drawn = [], 0
    for label, number in enumerate(np.bincount(labels)):
        if number:
            images.append(
                model.generate(number, seed, weights, label=label, first=drawn)
            )
        drawn += number
    return Labelled(np.concatenate(images), labels, like.num_classes)
