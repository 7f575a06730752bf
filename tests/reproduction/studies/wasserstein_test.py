import numpy as np

from tf_mmdgan.reproduction.studies import wasserstein


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


def test_segments_are_as_far_apart_as_they_are_set():
    points = np.concatenate(
        [wasserstein.segment(0.0), wasserstein.segment(-0.3)]
    )
    weights = np.repeat([1, -1], len(points) // 2) * 2 / len(points)
    assert abs(wasserstein.dual(points, weights) - 0.3) < 1e-9


def test_a_trained_critic_finds_most_of_the_distance_and_no_more():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(6, 2))
    weights = np.repeat([1 / 3, -1 / 3], 3)
    exact = wasserstein.dual(points, weights)
    found = wasserstein.trained_critic(points, weights, steps=300, seed=0)
    assert 0.7 * exact < found < exact + 1e-6
