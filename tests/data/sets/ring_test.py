"""The ring of Gaussians: its law, and the sequence that it is."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.data.sets import ring

S = np.sqrt(2.0)


def test_centres_go_round_from_the_bottom():
    right = [[0, -2], [S, -S], [2, 0], [S, S]]
    expected = np.concatenate([right, np.negative(right)])
    np.testing.assert_allclose(ring.centres(), expected, atol=1e-6)
    np.testing.assert_allclose(
        ring.centres(2, radius=3.0), [[0, -3], [0, 3]], atol=1e-6
    )


def test_tilted_centres_are_turned_by_sixty_degrees_about_y():
    flat, tilted = ring.centres(), ring.centres(dimension=3)
    np.testing.assert_allclose(tilted[:, 0], flat[:, 0] / 2, atol=1e-6)
    np.testing.assert_allclose(tilted[:, 1], flat[:, 1], atol=1e-6)
    np.testing.assert_allclose(
        tilted[:, 2], -flat[:, 0] * np.sqrt(3) / 2, atol=1e-6
    )


def residuals(points, centres):
    distances = np.linalg.norm(points[:, None] - centres, axis=2)
    nearest = distances.argmin(axis=1)
    return nearest, points - centres[nearest]


def test_points_are_eight_equal_gaussians():
    n = 40_000
    points = ring.ring(n, seed=1)
    assert points.dtype == np.float32 and points.shape == (n, 2)
    mode, noise = residuals(points, ring.centres())
    share = np.bincount(mode, minlength=8) / n
    # Four standard errors of a share of 1/8.
    np.testing.assert_allclose(share, 1 / 8, atol=4 * np.sqrt(7 / 64 / n))
    np.testing.assert_allclose(noise.mean(axis=0), 0, atol=0.004)
    np.testing.assert_allclose(np.cov(noise.T), 0.04 * np.eye(2), atol=1.2e-3)


def test_third_coordinate_is_thin_before_the_tilt():
    points = ring.ring3d(40_000, seed=2)
    _, noise = residuals(points, ring.centres(dimension=3))
    cos, sin = 0.5, np.sqrt(0.75)
    turned = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    expected = turned @ np.diag([0.04, 0.04, 0.01]) @ turned.T
    np.testing.assert_allclose(np.cov(noise.T), expected, atol=1.2e-3)


def test_other_rings():
    points = ring.ring(4000, seed=0, modes=3, radius=5.0, std=0.01)
    centres = 5.0 * np.array([[0, -1], [0.75**0.5, 0.5], [-(0.75**0.5), 0.5]])
    mode, noise = residuals(points, centres)
    assert np.bincount(mode).tolist() == pytest.approx([4000 / 3] * 3, rel=0.1)
    assert noise.std() == pytest.approx(0.01, rel=0.05)


def test_a_point_depends_on_seed_and_number_alone():
    whole = ring.ring(60, seed=3)
    np.testing.assert_array_equal(ring.ring(17, seed=3), whole[:17])
    assert not np.isin(ring.ring(60, seed=4), whole).any()


@pytest.mark.parametrize("dimension", [2, 3])
def test_batches_walk_through_the_sequence(dimension):
    whole = (ring.ring if dimension == 2 else ring.ring3d)(60, seed=3)
    for size, start in ((10, 0), (10, 4), (7, 2)):
        dataset = ring.batches(size, 3, start, dimension)
        assert dataset.element_spec == tf.TensorSpec((size, dimension))
        drawn = np.concatenate(list(itertools.islice(dataset, 2)))
        np.testing.assert_allclose(
            drawn, whole[start * size :][: 2 * size], rtol=0, atol=1e-6
        )


def test_a_continued_run_sees_the_same_bits():
    whole = list(itertools.islice(ring.batches(10, 3), 4))
    rest = list(itertools.islice(ring.batches(10, 3, start=2), 2))
    np.testing.assert_array_equal(whole[2:], rest)


def test_devices_take_rows_of_the_same_batch(two_cpus):
    shared = two_cpus.experimental_distribute_dataset(ring.batches(6, 1))
    parts = two_cpus.experimental_local_results(next(iter(shared)))
    np.testing.assert_array_equal(
        np.concatenate(parts), next(iter(ring.batches(6, 1)))
    )


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: ring.ring(0, 1), "count=0"),
        (lambda: ring.ring3d(5, 1, modes=0), "modes=0"),
        (lambda: ring.centres(dimension=4), "dimension=4"),
        (lambda: ring.batches(0, 1), "batch_size=0"),
        (lambda: ring.batches(5, 1, dimension=1), "dimension=1"),
        (lambda: ring.batches(5, 1, start=-1), "start=-1, need >= 0"),
    ],
)
def test_numbers_out_of_range_are_refused(call, words):
    with pytest.raises(errors.UsageError, match=words):
        call()
