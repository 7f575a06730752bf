"""Labels of classes and of numbers, and the laws that they are drawn by."""

import pickle

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.conditions import (
    MOST_ROWS,
    Classes,
    Numbers,
    by_label,
    numbers_of,
)
from tf_mmdgan.latents import draw_labels

SEED = tf.constant([4, 9], tf.int64)
ROWS = np.arange(14, dtype=np.float32).reshape(7, 2) / 10


def test_numbers_are_rows_that_classes_of_equal_shares_choose():
    drawn = Numbers(2, ROWS).draw(SEED, 50, 3)
    chosen = draw_labels(SEED, 50, 3, 7).numpy()
    np.testing.assert_array_equal(drawn, ROWS[chosen])
    assert len(set(chosen)) == 7
    np.testing.assert_array_equal(
        Numbers(2, ROWS).draw(SEED, 20, 10), drawn[7:27]
    )


@pytest.mark.parametrize("number", range(3))
def test_a_fixed_class_is_the_only_one_that_is_drawn(number):
    classes = Classes(3, [0.2, 0.8, 0.0], ("a", "2", "0"))
    for label in (number, classes.names[number]):
        drawn = classes.fixed(label).draw(SEED, 1000)
        np.testing.assert_array_equal(drawn, np.full(1000, number))


def test_fixed_numbers_are_the_only_ones_that_are_drawn():
    for label in ([0.5, -2.0], "0.5, -2", np.array([0.5, -2.0])):
        drawn = Numbers(2).fixed(label).draw(SEED, 3)
        np.testing.assert_array_equal(drawn, [[0.5, -2.0]] * 3)


def test_a_label_may_be_farther_from_0_than_those_of_the_data_are():
    labels = np.float32([[12.0], [0.0], [1.0], [-1.0]])
    law = Numbers.of(labels)  # of a root mean square of 6
    np.testing.assert_array_equal(law.fixed(labels[0]).rows, [[12.0]])
    np.testing.assert_array_equal(Numbers(1, labels[:1]).rows, [[12.0]])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([["near"]], r"rows: need numbers \[n, k\]"),
        (np.zeros((0, 1), np.float32), "no label to draw from"),
        (np.zeros((2, 3), np.float32), r"give floats \[n, 1\]"),
        (np.float32([[np.inf]]), "NaN or infinite"),
    ],
)
def test_rows_that_are_no_law(rows, message):
    kinds = errors.UsageError, errors.DataError
    with pytest.raises(kinds, match=message):
        Numbers(1, rows)


def test_laws_follow_given_labels():
    classes = Classes(3, [1.0, 0.0, 0.0]).like(np.array([2, 2, 1, 2]))
    np.testing.assert_array_equal(classes.law, [0.0, 0.25, 0.75])
    assert classes.even().law is None
    numbers = Numbers(2).like(ROWS)
    np.testing.assert_array_equal(numbers.law, ROWS)
    assert numbers.even() is numbers


def test_numbers_are_of_anything_that_is_an_array_of_them():
    for given in (ROWS.tolist(), ROWS.astype(np.float64), tf.constant(ROWS)):
        for made in (Numbers(2, given), Numbers.of(given)):
            assert made.k == 2 and made.rows.dtype == np.float32
            np.testing.assert_array_equal(made.rows, ROWS)


@pytest.mark.parametrize("given", [ROWS[:, 0], ["ab"], [[]], [[1], [1, 2]]])
def test_what_are_no_numbers_of_each_image(given):
    for make in (Numbers.of, lambda rows: Numbers(2, rows)):
        with pytest.raises(errors.UsageError, match=r"need numbers \[n, k\]"):
            make(given)


def test_of_many_rows_some_are_kept_from_first_to_last():
    rows = np.linspace(-1, 1, 3 * MOST_ROWS, dtype=np.float32)[:, None]
    kept = Numbers.of(rows).rows
    assert kept.shape == (MOST_ROWS, 1)
    np.testing.assert_array_equal(kept[[0, -1]], rows[[0, -1]])
    assert np.diff(kept[:, 0]).min() > 0


@pytest.mark.parametrize(
    "shares",
    [
        [30, 60, 10],  # counts, of which all would be class 0
        [0.5, 0.5], [0.5, 0.6, -0.1], [[0.2], [0.3, 0.5], 0], "uniform",
    ],
)  # fmt: skip
def test_shares_that_are_no_law(shares):
    with pytest.raises(errors.UsageError, match="need 3 numbers >= 0"):
        Classes(3, shares)


def test_without_rows_there_is_nothing_to_draw_from():
    with pytest.raises(errors.UsageError, match="no labels of 2 numbers to d"):
        Numbers(2).draw(SEED, 3)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (ROWS[:, :1], r"float32 \(7, 1\): give floats \[n, 2\]"),
        (ROWS.astype(int), r"int64 \(7, 2\): give floats"),
        (ROWS * np.nan, "NaN or infinite"),
        (
            ROWS * [1, 100],
            r"root mean square of 80\.62 in column 1; need 10",
        ),
    ],
)
def test_numbers_that_networks_cannot_learn_from(labels, message):
    kinds = errors.UsageError, errors.DataError
    with pytest.raises(kinds, match=message):
        Numbers(2).check(labels)


@pytest.mark.parametrize(
    "label", ["0.5", "0.5,x", "", "nan,1", [1, 2, 3], 7, "0.5,1,"]
)
def test_labels_that_are_not_so_many_numbers(label):
    with pytest.raises(errors.UsageError, match="is told 2 numbers; give them"):
        numbers_of(label, 2)


def test_a_single_number_needs_no_list():
    np.testing.assert_array_equal(numbers_of(0.5, 1), [0.5])
    np.testing.assert_array_equal(numbers_of("-2", 1), [-2.0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Numbers(0), "k=0, need an integer >= 1"),
        (lambda: Numbers(257), "k=257: a label has 256 numbers at most"),
        (lambda: Classes(2, names=("a", "a")), "need 2 unequal names"),
        (lambda: by_label(None, [0.5]), "no classes; leave the label out"),
    ],
)
def test_impossible_conditions(make, message):
    with pytest.raises(errors.UsageError, match=message):
        make()


def test_what_may_be_asked_for():
    inside, message = Numbers(2).allowed(tf.constant([[1.0, np.inf]]))
    np.testing.assert_array_equal(inside, [[True, False]])
    assert message.format("inf") == "label must be finite, not inf"
    inside, _ = Classes(2).allowed(tf.constant([-1, 0, 1, 2]))
    np.testing.assert_array_equal(inside, [False, True, True, False])


def test_conditions_are_values():
    for make in (
        lambda: Classes(2, [0.25, 0.75], ("a", "b")),
        lambda: Numbers(2, ROWS),
        lambda: Numbers(2),
    ):
        assert make() == make() and hash(make()) == hash(make())
        assert make() == pickle.loads(pickle.dumps(make()))
    made = {Classes(2), Classes(3), Classes(2, [1.0, 0.0]), Numbers(2)}
    assert len(made | {Numbers(2, ROWS), Numbers(2, ROWS + 1.0)}) == 6
