"""Distances of two point masses: closed forms, and verdicts."""

import matplotlib.figure
import numpy as np
import pytest

from tf_mmdgan.reproduction.studies import (
    dirac_pair,
    gradient_constrained_critics,
    optimised_distances,
)


def test_closed_forms():
    theta, psi = 0.7, 1.3
    mmd2 = 2 - 2 * np.exp(-((psi * theta) ** 2) / 2)
    assert float(dirac_pair.plain(theta, psi).square) == pytest.approx(mmd2)
    assert float(dirac_pair.scaled(theta, psi).square) == pytest.approx(
        mmd2 / (1 + 1 + psi**2)
    )
    # Far apart the witness is 1 at 0 and flat there: 2 - 1 / (1 + lambda).
    far = dirac_pair.point_measure(1.0, 20.0)
    assert float(far.square) == pytest.approx(1.5)


def test_the_best_scaled_mmd():
    best = dirac_pair.optimised(dirac_pair.scaled, 1.0)
    psi = np.geomspace(0.1, 10, 2001)
    values = (2 - 2 * np.exp(-(psi**2) / 2)) / (2 + psi**2)
    assert best["distance"] == pytest.approx(values.max() ** 0.5, abs=1e-4)


def test_constrained_distances_are_in_order():
    """A bound of the mean slope over all R holds less than a uniform one."""
    theta, psi = 1.0, 1.5
    names = ("SMMD", "LipMMD", "GC-MMD, broad", "MMD")
    squares = [
        float(dirac_pair.DISTANCES[name](theta, psi).square) for name in names
    ]
    assert squares == sorted(squares)
    assert 0.65 < squares[1] ** 0.5 < 0.77


def test_slopes_of_critics_are_differences_of_their_values():
    at = np.array([-0.5, 0.2, 1.4])
    jets = dirac_pair.critic(dirac_pair.broad_measure, 1.0, 1.5, at)
    above, below = (
        dirac_pair.critic(dirac_pair.broad_measure, 1.0, 1.5, at + step)[:, 0]
        for step in (1e-4, -1e-4)
    )
    np.testing.assert_allclose(jets[:, 1], (above - below) / 2e-4, atol=1e-5)


def expected_numbers():
    thetas = [0.005, *optimised_distances.EXPECTED]
    small = {"MMD": 2**0.5, "SMMD": 0.00498, "LipMMD": 0.005,
             "GC-MMD, broad": 0.3}  # fmt: skip
    distances = {
        name: [
            {**small, **optimised_distances.EXPECTED.get(theta, small),
             **optimised_distances.EVERYWHERE}.get(name, theta)
            for theta in thetas
        ]
        for name in dirac_pair.DISTANCES
    }  # fmt: skip
    return {"thetas": thetas, "distances": distances}


def test_verdict_on_optimised_distances():
    numbers = expected_numbers()
    numbers["distances"]["LipMMD"][1] = 0.01
    assert optimised_distances.holds(numbers)
    figure = matplotlib.figure.Figure(layout="constrained")
    optimised_distances.draw(numbers, figure)
    numbers["distances"]["SMMD"][4] += 0.02
    assert not optimised_distances.holds(numbers)


@pytest.mark.parametrize("steepest", [1.0, 1.5])
def test_verdict_on_critics(steepest):
    def curves(slope):
        return {
            name: {"psi": 1.0, "at": [0.0, 1.0], "values": [0.0, 1.0],
                   "slopes": [0.5, -slope if name.startswith("GC") else 1.0]}
            for name in ("MMD", "SMMD", "LipMMD", "GC-MMD, broad")
        }  # fmt: skip

    numbers = {"20": curves(0.5), "0.2": curves(steepest)}
    assert gradient_constrained_critics.holds(numbers) == (steepest > 1.05)
    figure = matplotlib.figure.Figure(layout="constrained")
    gradient_constrained_critics.draw(numbers, figure)
    assert (
        f"GC-MMD, broad {steepest:.2f}"
        in gradient_constrained_critics.caption(numbers)
    )
