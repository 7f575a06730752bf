"""Random numbers by the signs of latents."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import latents as laws
from tf_mmdgan.networks import keyed

ROWS = 1000


@pytest.fixture(scope="module")
def latents():
    return laws.Latents(40, "normal").sample((3, 1), ROWS)


def splitmix(state):
    """The generator of Steele, Lea and Flood in Python's integers."""
    mask = 2**64 - 1
    state = state & mask
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & mask
    return state ^ (state >> 31)


def test_numbers_are_those_of_splitmix():
    golden = 0x9E3779B97F4A7C15
    signs = [True, False, True]
    key = sum(
        splitmix((i + 1) * golden) for i, sign in enumerate(signs) if sign
    )
    found = keyed.keys(tf.constant([[0.5, -2.0, 0.0]]))
    assert int(found[0]) % 2**64 == key % 2**64
    begin = splitmix(splitmix(key) + 7 * golden)
    words = [splitmix(begin + (i + 1) * golden) for i in range(5)]
    first, second = keyed.uniforms(found, 7, 5)
    for numbers, shift in ((first, 40), (second, 16)):
        bits = [word >> shift & (2**24 - 1) for word in words]
        signed = [b - 2**24 if b >= 2**23 else b for b in bits]
        np.testing.assert_array_equal(
            numbers[0], np.array(signed, np.float32) * 2.0**-23
        )


def test_signs_alone_decide_and_each_does(latents):
    key = keyed.keys(latents).numpy()
    assert len(set(key)) == ROWS
    np.testing.assert_array_equal(key, keyed.keys(0.1 * latents))
    flipped = latents * (1.0 - 2.0 * np.eye(40)[7])
    assert (keyed.keys(flipped).numpy() != key).all()


@pytest.mark.parametrize("distribution", ["uniform", "normal"])
def test_rows_have_the_law_and_are_independent(latents, distribution):
    law = laws.Latents(20, distribution)
    key = keyed.keys(latents)
    drawn, other = (keyed.drawn(key, stream, law).numpy() for stream in (1, 2))
    assert drawn.shape == (ROWS, 20)
    deviation = {"uniform": 3.0**-0.5, "normal": 1.0}[distribution]
    assert drawn.mean() == pytest.approx(0.0, abs=3 * deviation / 20_000**0.5)
    assert drawn.std() == pytest.approx(deviation, abs=0.02)
    joined = np.concatenate([drawn, other, latents], axis=1)
    correlations = np.corrcoef(joined.T) - np.eye(80)
    # Of 3,160 pairs, each of deviation 1 / sqrt(ROWS).
    assert np.abs(correlations).max() < 4.5 / ROWS**0.5
    # Rows whose keys are neighbours are as independent as others.
    rows = np.corrcoef(drawn[:200]) - np.eye(200)
    assert np.abs(rows).max() < 0.95


def test_a_row_does_not_depend_on_the_others(latents):
    law = laws.Latents(20, "normal")
    whole = keyed.drawn(keyed.keys(latents), 1, law)
    for rows in (slice(3, 4), slice(5, 12)):
        part = keyed.drawn(keyed.keys(latents[rows]), 1, law)
        np.testing.assert_array_equal(part, whole[rows])
