"""The most realistic images of those that were drawn."""

import numpy as np
import pytest

from tf_mmdgan import errors, evaluation, features, metrics
from tf_mmdgan.evaluation import realistic


def grey(rng, levels):
    """Images of one grey level each, with a little noise."""
    noise = rng.integers(0, 6, (len(levels), 4, 4, 1))
    return (np.reshape(levels, (-1, 1, 1, 1)) + noise).astype(np.uint8)


def test_the_best_of_each_class_are_kept_in_their_order(rng):
    scorer = evaluation.Scorer(
        features.get_extractor("pixels"), grey(rng, [100] * 40), "real",
        metrics.MetricSettings(), 20,
    )  # fmt: skip
    # Of each five, two are like the real images.
    levels = [100, 240, 0, 100, 180, 20, 100, 100, 220, 5]
    chosen = realistic.choose(scorer, grey(rng, levels), 5, 2)
    np.testing.assert_array_equal(chosen.rows, [0, 3, 6, 7])
    assert chosen.kept["precision"] > 0.9 > 0.5 > chosen.all_drawn["precision"]
    assert set(chosen.kept) == {"precision", "recall"}


def around(rng, count, spread):
    levels = rng.normal(128.0, spread, (count, 2, 2, 1))
    return np.clip(levels, 0, 255).astype(np.uint8)


def test_precision_rises_and_recall_falls(rng):
    real = around(rng, 300, 20.0)
    scorer = evaluation.Scorer(
        features.get_extractor("pixels"), real, "real",
        metrics.MetricSettings(), 20,
    )  # fmt: skip
    drawn = around(rng, 400, 40.0)
    some = [realistic.choose(scorer, drawn, 400, n).kept for n in (400, 200, 50)]  # fmt: skip  # noqa: E501
    assert some[0]["precision"] < some[1]["precision"] < some[2]["precision"]
    assert some[0]["recall"] > some[1]["recall"] > some[2]["recall"]


def test_three_real_images_are_too_few(rng):
    scorer = evaluation.Scorer(
        features.get_extractor("pixels"), grey(rng, [100] * 3), "digits/test",
        metrics.MetricSettings(), 20,
    )  # fmt: skip
    with pytest.raises(errors.DataError, match="digits/test has 3 images"):
        realistic.check(scorer)
