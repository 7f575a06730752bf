"""KID of single classes, of generators whose images are known."""

import types

import numpy as np
import pytest

from tf_mmdgan import class_scoring, data, errors, evaluation
from tf_mmdgan.evaluation import kid


@pytest.fixture
def real(rng):
    """Twenty images of class 0, dark; ten of class 1, bright; one of 2."""
    labels = np.repeat([0, 1, 2], [20, 10, 1])
    levels = (
        rng.integers(0, 60, (31, 4, 4, 1))
        + 180 * (labels == 1)[:, np.newaxis, np.newaxis, np.newaxis]
    )
    return data.ImageSet(levels.astype(np.uint8), labels, 3)


def generator(images_of, num_classes=3):
    """A model that returns images_of(count, seed, weights, label)."""
    return types.SimpleNamespace(
        num_classes=num_classes,
        generate=lambda count, seed, weights, label: images_of(
            count, seed, weights, label
        ),
    )


def test_each_class_is_compared_with_its_own_images(real, rng):
    asked = []

    def swapped(count, seed, weights, label):
        """Good images of class 0, but dark ones for class 1."""
        asked.append((count, seed, weights, label))
        return rng.integers(0, 60, (count, 4, 4, 1)).astype(np.uint8)

    pixels = evaluation.get_extractor("pixels")
    scores = class_scoring.class_scores(
        pixels, real, generator(swapped), "current", 7
    )
    assert asked == [(20, 7, "current", 0), (10, 7, "current", 1)]
    assert abs(scores["0"]["kid"]) < 0.2 < 1 < scores["1"]["kid"]
    assert scores["1"]["num_images"] == 10
    assert scores["2"] == {"num_images": 1}


def test_the_score_is_that_of_kid_exact(real):
    chosen = real.images[real.labels == 1][::-1]
    scores = class_scoring.class_scores(
        evaluation.get_extractor("pixels"),
        real,
        generator(lambda count, *_: np.roll(chosen, 1, 1)[:count]),
    )
    flat = [
        images.reshape(len(images), -1) / 127.5 - 1
        for images in (real.images[real.labels == 1], np.roll(chosen, 1, 1))
    ]
    expected = kid.kid(*flat, estimator="exact").mean
    assert scores["1"]["kid"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("model_classes", "words"), [(None, "no classes"), (2, "2 classes")]
)
def test_other_classes_are_refused(real, model_classes, words):
    with pytest.raises(errors.UsageError, match=f"{words} and the data 3"):
        class_scoring.class_scores(
            evaluation.get_extractor("pixels"),
            real,
            generator(None, model_classes),
        )
