"""The shared checks of two sets of features, and the layout of blocks."""

import numpy as np
import pytest

from tf_mmdgan import errors, metrics
from tf_mmdgan.metrics import checks


@pytest.mark.parametrize(
    "num_real, num_fake, size, expected",
    [
        (500, 500, 100, ([0, 100, 200, 300, 400, 500],) * 2),
        (6, 7, 3, ([0, 2, 4, 6], [0, 2, 4, 7])),
        (4, 4, 10, ([0, 4], [0, 4])),
    ],
)
def test_blocks_cover_both_sets(num_real, num_fake, size, expected):
    bounds = metrics.block_bounds(num_real, num_fake, size)
    for actual, wanted in zip(bounds, expected, strict=True):
        np.testing.assert_array_equal(actual, wanted)


def test_too_few_rows_for_the_blocks_are_counted():
    with pytest.raises(errors.DataError, match="real has 5 samples for 3"):
        metrics.block_bounds(5, 7, 3)


def test_block_of_one_row_is_a_wrong_setting():
    with pytest.raises(errors.UsageError, match="max_block_size=1"):
        metrics.block_bounds(10, 10, 1)


@pytest.mark.parametrize(
    "real, fake, words",
    [
        (np.zeros((3, 2)), np.zeros((3, 4)), "2"),
        (np.zeros(3), np.zeros((3, 4)), "real"),
        (np.zeros((3, 0)), np.zeros((3, 0)), "real features have no columns"),
        (np.zeros((1, 4)), np.zeros((3, 4)), "real"),
        (np.zeros((3, 4)), np.full((3, 4), np.inf), "fake features are NaN"),
        (np.ones((3, 4)), np.full((3, 4), -1e80), "fake .*1e\\+80, .*spread"),
        (np.full((3, 4), 1e-80), np.ones((3, 4)), "real .*1e-80, .*spread"),
        (np.ones((3, 4)), [[1.0], [1.0, 2.0]], "fake is no array: "),
    ],
    ids=[
        "width", "rank", "no width", "rows", "infinite", "large", "small",
        "ragged",
    ],
)  # fmt: skip
def test_unusable_features_are_named(real, fake, words):
    with pytest.raises(errors.DataError, match=words):
        checks.check(real, fake)
