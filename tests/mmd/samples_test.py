"""What tests take for samples, and what they refuse on one line."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.mmd.samples import as_rows, as_samples, warn_of_twins


class Table:
    """Like a data frame or a tensor of another package."""

    def __init__(self, values):
        self._values = np.array(values)

    def __array__(self, dtype=None, copy=None):
        return self._values if dtype is None else self._values.astype(dtype)


@pytest.mark.parametrize(
    "make",
    [list, np.array, tf.constant, Table, lambda x: np.array(x, np.float16)],
)
def test_anything_that_is_an_array_will_do(make):
    samples = as_samples(make([[1, 2], [3, 4]]), np.zeros((3, 2)))
    np.testing.assert_array_equal(samples.x, [[1.0, 2.0], [3.0, 4.0]])
    assert samples.x.dtype == samples.y.dtype == np.float64
    np.testing.assert_array_equal(samples.pooled[:2], samples.x)


def test_one_dimension_is_one_column_and_images_are_flattened():
    assert as_samples([1, 2, 3], [4, 5]).x.shape == (3, 1)
    images = np.zeros((4, 2, 2, 3), np.uint8)
    assert as_samples(images, images).y.shape == (4, 12)


@pytest.mark.parametrize(
    "x, y, message",
    [
        ([[1.0], [np.nan], [np.inf]], [[1.0], [2.0]], "2 of 3 rows.*row 1"),
        ([[1.0], [2.0]], [1.0, -np.inf], "y is NaN or infinite in 1 of 2"),
        (np.ones((3, 2)), np.ones((3, 4)), "2 numbers, rows of y 4"),
        ([1.0], [1.0, 2.0], "x has 1 rows: need at least 2"),
        ([1.0, 2.0], [], "y has 0 rows"),
        (["a", "b"], [1.0, 2.0], "x is .*need real numbers"),
        ([1.0, 2.0], 3.0, r"y is float64 of shape \(\)"),
        ([1j, 2.0], [1.0, 2.0], "complex"),
        ([[1.0], [1.0, 2.0]], [1.0, 2.0], "x is no array"),
        (np.ones((3, 0)), np.ones((3, 0)), "rows without numbers"),
        ([0, 2**53 + 2], [0, 1], r"x: integers up to 9007199254740994; bey"),
        ([0, 1], [0, -(2**54)], r"y: integers up to 18014398509481984; bey"),
    ],
)
def test_bad_samples_are_refused_by_name(x, y, message):
    with pytest.raises(errors.DataError, match=message) as caught:
        as_samples(x, y)
    assert "\n" not in str(caught.value)


def test_integers_up_to_2_to_the_53_keep_their_digits():
    samples = as_samples([2**53, 2**53 - 1], [-(2**53), 0])
    assert samples.x.ravel().tolist() == [2**53, 2**53 - 1]


def test_constant_means_all_rows_of_both():
    assert as_samples([1.0, 1.0], [1.0, 1.0, 1.0]).constant
    assert not as_samples([1.0, 1.0], [2.0, 2.0]).constant
    assert not as_samples([1.0, 1.0], [1.0, 2.0]).constant


def test_given_arrays_are_not_changed():
    given = np.zeros((3, 2))
    rows = as_rows(given, "x")
    rows += 1.0
    np.testing.assert_array_equal(given, np.zeros((3, 2)))


def dependent(rng):
    """Samples that depend on each other, by how they do."""
    x = rng.normal(size=(120, 6))
    made = x + 0.05 * rng.normal(size=x.shape)
    return {
        "pairs": made,
        "in another order": rng.permutation(made),
        "the same": x,
        "some rows in both": np.concatenate([x, rng.normal(size=(30, 6))]),
    }, x


def test_samples_that_depend_on_each_other_are_told(rng):
    samples, x = dependent(rng)
    for y in samples.values():
        with pytest.warns(UserWarning, match="x and y depend on each other"):
            warn_of_twins(as_samples(x, y))


@pytest.mark.filterwarnings("error")
def test_independent_samples_are_not(rng):
    for _ in range(30):
        x = rng.normal(size=(rng.integers(2, 90), 3))
        for y in (rng.normal(size=(60, 3)), 0.2 * rng.normal(size=(60, 3))):
            warn_of_twins(as_samples(x, y))
            warn_of_twins(as_samples(x.round(), y.round()))
    clusters = 9.0 * rng.integers(0, 2, (2, 90, 1)) + rng.normal(
        size=(2, 90, 4)
    )
    warn_of_twins(as_samples(*np.sort(clusters, axis=1)))
    warn_of_twins(as_samples(np.ones((9, 2)), np.ones((700, 2))))
    warn_of_twins(as_samples(*rng.normal(size=(2, 5000, 2))))
