"""Shares of devices and workers, put together, are the features of all."""

import numpy as np
import pytest

from tf_mmdgan import features
from tf_mmdgan.distribute import Cluster
from tf_mmdgan.features import sharing

EXTRACTOR = features.get_extractor("lenet_digits")


def images(rng, n):
    return rng.integers(0, 256, (n, 16, 16, 1), dtype=np.uint8)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_two_devices_find_what_one_finds(two_cpus, rng, n):
    pictures = images(rng, 9)
    order = rng.permutation(9)[:n]
    expected = features.extract(EXTRACTOR, pictures[order])
    found = sharing.of_images(Cluster(two_cpus), EXTRACTOR, pictures, order)
    for actual, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(actual, wanted, atol=1e-5)
    drawn = sharing.of_drawn(
        Cluster(two_cpus), EXTRACTOR, lambda a, b: pictures[order][a:b], n
    )
    np.testing.assert_array_equal(drawn.features, found.features)


@pytest.mark.parametrize("count", [2, 3])
def test_every_worker_works_at_its_share_alone(rng, count):
    """Workers one after the other, in one process."""
    pictures, order = images(rng, 8), rng.permutation(8)
    gathered = []

    class Worker(Cluster):
        index = 0

        def share(self, rows):
            return rows * self.index // count, rows * (self.index + 1) // count

        def gather(self, rows):
            gathered.append(rows)

    for Worker.index in range(count):
        sharing.of_images(Worker(), EXTRACTOR, pictures, order)
    expected = features.extract(EXTRACTOR, pictures[order])
    np.testing.assert_allclose(
        np.concatenate(gathered[::2]), expected.features, atol=1e-5
    )
    np.testing.assert_allclose(
        np.concatenate(gathered[1::2]), expected.probabilities, atol=1e-5
    )


def test_without_classes_there_are_none():
    found = sharing.of_images(
        Cluster(),
        features.get_extractor("pixels"),
        np.zeros([3, 2, 2, 1], np.uint8),
        np.arange(2),
    )
    assert found.probabilities is None and found.features.shape == (2, 4)
