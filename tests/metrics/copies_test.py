"""Copies of training samples are found, and nothing else is called one."""

import itertools
import math

import numpy as np
import pytest

from tf_mmdgan.metrics import copies


def draw(rng, count, shift=0.0, scale=1.0):
    return shift + scale * rng.normal(size=(count, 6))


def parts(rows, size=37):
    return [rows[i : i + size] for i in range(0, len(rows), size)]


def test_neighbours_found_in_parts_are_those_of_all(rng):
    features, training = draw(rng, 9), draw(rng, 50)
    found = copies.Nearest(features, 3)
    for number, part in enumerate(parts(training, 8)):
        found.add(part, 8 * number)
    squares = ((features[:, None] - training) ** 2).sum(-1)
    expected = np.argsort(squares, axis=1)[:, :3]
    np.testing.assert_array_equal(found.rows, expected)
    np.testing.assert_allclose(
        found.squares, np.take_along_axis(squares, expected, 1), rtol=1e-9
    )


def test_mann_whitney_by_counting(rng):
    x, y = rng.integers(0, 6, 9) * 1.0, rng.integers(0, 6, 11) * 1.0
    counted = sum((a > b) + 0.5 * (a == b) for a, b in itertools.product(x, y))
    assert copies._mann_whitney(x, y) == pytest.approx(counted)
    # By all ways to draw 9 of the 20 values: mean and variance of U.
    both = np.concatenate([x, y])[:12]
    values = []
    for chosen in itertools.combinations(range(12), 5):
        rest = [i for i in range(12) if i not in chosen]
        values.append(copies._mann_whitney(both[list(chosen)], both[rest]))
    assert np.mean(values) == pytest.approx(5 * 7 / 2)
    z = copies._z(both[:5], both[5:])
    u = copies._mann_whitney(both[:5], both[5:])
    assert z == pytest.approx((u - 17.5) / np.std(values))
    assert copies._z(np.ones(4), np.ones(5)) == 0.0


def test_literal_copies_are_found(rng):
    training, held_out = draw(rng, 600), draw(rng, 200)
    found, nearest = copies.copies(parts(training), held_out, training[:150])
    assert found.found() and found.c_t < -5
    assert found.c_t_p_value < 1e-3 and found.hits_p_value < 1e-3
    assert found.share_nearer == 1.0
    assert found.hits == found.hits_in_training == 150
    np.testing.assert_array_equal(nearest.rows[:150, 0], np.arange(150))
    expected = math.comb(600, 150) / math.comb(800, 150)
    assert found.hits_p_value == pytest.approx(expected, rel=1e-6)


def test_a_tenth_of_copies_is_found_too(rng):
    """With noise that is small against the distances of neighbours."""
    training, held_out = draw(rng, 900), draw(rng, 300)
    copied = training[:300] + 0.01 * draw(rng, 300)
    fake = np.concatenate([copied, draw(rng, 600)])
    found, _ = copies.copies(parts(training), held_out, fake)
    assert found.found()


def test_held_out_samples_are_no_copies(rng):
    training, held_out = draw(rng, 600), draw(rng, 200)
    found, _ = copies.copies(parts(training), held_out, held_out)
    assert not found.found() and found.share_nearer == pytest.approx(0.5)
    assert found.c_t == pytest.approx(0.0) and found.hits_in_training == 0


def test_samples_of_the_law_keep_the_level(rng):
    """Each test is below .1 in about a tenth of repetitions."""
    below = []
    for _ in range(60):
        training, held_out = draw(rng, 200), draw(rng, 100)
        found, _ = copies.copies([training], held_out, draw(rng, 100))
        below.append([found.c_t_p_value < 0.1, found.hits_p_value < 0.1])
    assert (np.mean(below, axis=0) < 0.1 + 3 * np.sqrt(0.09 / 60)).all()


def test_blurred_samples_are_near_to_all_and_no_copies(rng):
    """C_T alone calls them copies: they lie in the middle of the data."""
    training, held_out = draw(rng, 600), draw(rng, 200)
    found, _ = copies.copies(
        parts(training), held_out, draw(rng, 200, scale=0.3)
    )
    assert found.c_t_p_value < 1e-3 and found.share_nearer > 0.7
    assert found.hits_p_value > 1e-3 and not found.found()


def test_few_samples_are_one_cell(rng):
    training = draw(rng, 30)
    found, _ = copies.copies([training], draw(rng, 10), training[:10])
    assert found.c_t < -3 and found.share_nearer == 1.0


@pytest.mark.parametrize("scale", [1e-42, 1e-30, 1e30])
def test_cells_do_not_depend_on_the_unit_of_features(rng, scale):
    rows = np.concatenate([draw(rng, 60, 20.0 * k) for k in range(3)])
    rows = np.float32(rows)
    exponent = np.int32(np.log2(scale))
    usual = copies._centres(rows, 150)
    found = copies._centres(np.ldexp(rows, exponent), 150)
    np.testing.assert_allclose(
        np.ldexp(np.float64(found), -exponent), usual, rtol=0.01
    )


@pytest.mark.filterwarnings("error")
def test_rows_that_rounding_makes_equal_are_no_warning(rng):
    rows = np.float32(1e-9 * draw(rng, 99))
    rows[0] = 1e6
    assert copies._centres(rows, 500).shape == (10, 6)
