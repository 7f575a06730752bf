"""Masks and names of columns of what is given as arrays are not passed over."""

import numpy as np
import pytest

import tf_mmdgan as tm
from tf_mmdgan import errors
from tf_mmdgan.mmd.samples import as_samples
from tf_mmdgan.models import feeding, validation

MASKED = np.ma.masked_array(np.arange(24.0).reshape(8, 3), mask=False)
MASKED[2, 1] = np.ma.masked


@pytest.mark.parametrize(
    "act",
    [
        lambda a: as_samples(a, np.ones((4, 3))),
        lambda a: tm.kid(a, np.ones((4, 3))),
        lambda a: tm.Gaussian()(a, np.ones((4, 3))),
        lambda a: tm.Numbers.of(a / 10.0),
        lambda a: feeding.make(a, None, 2, None),
        lambda a: feeding.make(a.data, a[:, 1], 2, None),
        lambda a: validation.check(a, None, None, points=True),
        lambda a: validation.check(a.data, a[:, 1], None, True),
    ],
)
def test_what_a_mask_hides_is_not_taken(act):
    with pytest.raises(errors.DataError, match="hides 1 of its numbers"):
        act(MASKED)
    act(np.ma.masked_array(MASKED.data, mask=False))


class Frame:
    """Like a data frame of another package."""

    def __init__(self, **columns):
        self.columns = list(columns)
        self._values = np.stack(list(columns.values()), axis=1)

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self._values, dtype)


@pytest.mark.parametrize(
    "compare",
    [
        lambda x, y: as_samples(x, y),
        lambda x, y: tm.kid(x, y, "exact"),
        lambda x, y: tm.nearer_test(x, x, y),
        lambda x, y: tm.Gaussian()(x, y),
        lambda x, y: tm.SlicedEnergy(4)(x, y),
    ],
)
def test_columns_are_compared_with_those_of_their_names(compare):
    one, two = np.random.default_rng(0).normal(size=(2, 9))
    x, y = Frame(a=one, b=two), Frame(b=two, a=one)
    with pytest.raises(errors.DataError, match="column b is number 1 of one"):
        compare(x, y)
    for other in (x, Frame(c=one, d=two), np.asarray(y)):
        compare(x, other)


def test_columns_of_several_types_are_numbers():
    mixed = np.array([[1, True, 0.5], [2, False, 1.5]] * 4, object)
    plain = mixed.astype(float)
    np.testing.assert_array_equal(as_samples(mixed, plain).x, plain)
    np.testing.assert_array_equal(
        tm.Gaussian()(mixed, mixed), tm.Gaussian()(plain, plain)
    )
    assert feeding.as_array(mixed).dtype == np.float64
    for other in ([[1.0, None]] * 4, [["1", 2.0]] * 4):
        for act in (lambda a: as_samples(a, a), lambda a: tm.Gaussian()(a, a)):
            with pytest.raises(ValueError, match="number"):
                act(np.array(other, object))
