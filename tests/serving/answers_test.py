"""Answers in JSON, compared with what was asked before they are made."""

import tracemalloc

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan.serving import answers


def test_numbers_in_lists_become_an_array():
    levels = np.arange(12).reshape(2, 3, 2)
    wanted = tf.TensorSpec([2, 3, 2], tf.uint8)
    found = answers.of_json(levels.tolist(), wanted)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, levels)
    assert answers.of_json(7, tf.TensorSpec([], tf.int64)) == 7


@pytest.mark.parametrize(
    "values",
    [
        7, [1, 2, 3], [[1, 2], 3], [[1, 2], [3]], [[[1], [2]], [[3], [4]]],
        [[1, True], [3, 4]], [[1, None], [3, 4]], [[1, "2"], [3, 4]],
        [[1, {}], [3, 4]], ["ab", "cd"], {"a": 1, "b": 2}, [[1, 2], [3, 256]],
        [[1, 2], [3, 0.5]], [[1, 2], [3, 10**400]],
    ],
)  # fmt: skip
def test_what_is_something_else_is_refused(values):
    with pytest.raises(ValueError):
        answers.of_json(values, tf.TensorSpec([2, 2], tf.uint8))


def test_a_long_text_among_many_takes_no_more_than_itself():
    # As an array of NumPy these would be of 64 MB.
    values = ["x" * 4000, *[""] * 3999]
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="no numbers"):
            answers.of_json(values, tf.TensorSpec([4000], tf.uint8))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**20
