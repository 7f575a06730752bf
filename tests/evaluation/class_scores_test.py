"""Scores of single classes, of generators whose images are known."""

import types

import numpy as np
import pytest

from tf_mmdgan import errors, evaluation, features, metrics
from tf_mmdgan.evaluation import class_scores
from tf_mmdgan.metrics import fid, kid

LABELS = np.repeat([0, 1, 2], [20, 10, 1])


@pytest.fixture
def scorer(rng):
    """Twenty images of class 0, dark; ten of class 1, bright; one of 2."""
    levels = (
        rng.integers(0, 60, (31, 4, 4, 1))
        + 180 * (LABELS == 1)[:, np.newaxis, np.newaxis, np.newaxis]
    )
    return evaluation.Scorer(
        features.get_extractor("pixels"), levels.astype(np.uint8), "x",
        metrics.MetricSettings(max_block_size=31, seed=7), 31,
    )  # fmt: skip


def generator(images_of, num_classes=3):
    """A model that returns images_of(count, seed, weights, label)."""
    return types.SimpleNamespace(
        num_classes=num_classes,
        generate=lambda count, seed, weights, label: images_of(
            count, seed, weights, label
        ),
    )


def test_each_class_is_compared_with_its_own_images(scorer, rng):
    asked = []

    def swapped(count, seed, weights, label):
        """Good images of class 0, but dark ones for class 1."""
        asked.append((count, seed, weights, label))
        return rng.integers(0, 60, (count, 4, 4, 1)).astype(np.uint8)

    scores = class_scores.class_scores(
        scorer, LABELS, 3, generator(swapped), "current"
    )
    assert asked == [(20, 7, "current", 0), (10, 7, "current", 1)]
    assert abs(scores["0"]["kid"]) < 0.2 < 1 < scores["1"]["kid"]
    assert scores["0"]["fid"] < 2 < 20 < scores["1"]["fid"]
    assert scores["1"]["num_images"] == 10
    assert scores["2"] == {"num_images": 1}
    assert scores["mean"]["num_images"] == 30
    for name in ("kid", "fid"):
        mean = (scores["0"][name] + scores["1"][name]) / 2
        assert scores["mean"][name] == pytest.approx(mean)


def test_the_scores_are_those_of_the_metrics(scorer):
    chosen = np.roll(scorer.real[LABELS == 1][::-1], 1, 1)
    scores = class_scores.class_scores(
        scorer, LABELS, 3, generator(lambda count, *_: chosen[:count])
    )
    flat = [
        images.reshape(len(images), -1) / 127.5 - 1
        for images in (scorer.real[LABELS == 1], chosen)
    ]
    expected = kid.kid(*flat, estimator="exact").mean
    assert scores["1"]["kid"] == pytest.approx(expected, rel=1e-4)
    assert scores["1"]["fid"] == pytest.approx(fid.fid(*flat), rel=1e-4)


@pytest.mark.parametrize(
    ("model_classes", "words"), [(None, "no classes"), (2, "2 classes")]
)
def test_other_classes_are_refused(scorer, model_classes, words):
    with pytest.raises(errors.UsageError, match=f"{words} and the data 3"):
        class_scores.class_scores(
            scorer, LABELS, 3, generator(None, model_classes)
        )
