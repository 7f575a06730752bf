import numpy as np

from tf_mmdgan.studies import wasserstein


def test_both_programs_find_the_sorted_coupling():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(6, 1)), rng.normal(size=(6, 1))
    expected = np.abs(np.sort(x[:, 0]) - np.sort(y[:, 0])).mean()
    even = np.full(6, 1 / 6)
    assert (
        abs(wasserstein.primal(np.abs(x - y.T), even, even) - expected) < 1e-9
    )
    points, weights = np.concatenate([x, y]), np.r_[even, -even]
    assert abs(wasserstein.dual(points, weights) - expected) < 1e-9


def test_jensen_shannon_of_atoms():
    apart = wasserstein.jensen_shannon(np.array([1.0, 0]), np.array([0, 1.0]))
    assert abs(apart - np.log(2)) < 1e-12
    p, q = np.array([0.9, 0.1]), np.array([0.4, 0.6])
    middle = (p + q) / 2
    expected = (p * np.log(p / middle) + q * np.log(q / middle)).sum() / 2
    assert abs(wasserstein.jensen_shannon(p, q) - expected) < 1e-12
