"""Shares of devices and workers, put together, are the features of all."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import features
from tf_mmdgan.distribute import workers
from tf_mmdgan.features import sharing

EXTRACTOR = features.get_extractor("lenet_digits")


def images(rng, n):
    return rng.integers(0, 256, (n, 16, 16, 1), dtype=np.uint8)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_two_devices_find_what_one_finds(two_cpus, rng, n):
    pictures = images(rng, 9)
    order = rng.permutation(9)[:n]
    expected = features.extract(EXTRACTOR, pictures[order])
    found = sharing.of_images(two_cpus, EXTRACTOR, pictures, order)
    for actual, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(actual, wanted, atol=1e-5)
    drawn = sharing.of_drawn(
        two_cpus, EXTRACTOR, lambda a, b: pictures[order][a:b], n
    )
    np.testing.assert_array_equal(drawn.features, found.features)


@pytest.mark.parametrize("count", [2, 3])
def test_every_worker_works_at_its_share_alone(monkeypatch, rng, count):
    """Workers one after the other, in one process."""
    pictures, order = images(rng, 8), rng.permutation(8)
    one = tf.distribute.get_strategy()
    monkeypatch.setattr(workers, "num_workers", lambda strategy: count)
    monkeypatch.setattr(workers, "num_local_replicas", lambda strategy: 1)
    gathered = []
    monkeypatch.setattr(
        workers,
        "gather_from_workers",
        lambda strategy, rows: gathered.append(rows),
    )

    class Resolver:
        task_id = 0

    monkeypatch.setattr(type(one), "cluster_resolver", Resolver)
    for Resolver.task_id in range(count):
        sharing.of_images(one, EXTRACTOR, pictures, order)
    expected = features.extract(EXTRACTOR, pictures[order])
    np.testing.assert_allclose(
        np.concatenate(gathered[::2]), expected.features, atol=1e-5
    )
    np.testing.assert_allclose(
        np.concatenate(gathered[1::2]), expected.probabilities, atol=1e-5
    )


def test_without_classes_there_are_none():
    found = sharing.of_images(
        tf.distribute.get_strategy(),
        features.get_extractor("pixels"),
        np.zeros([3, 2, 2, 1], np.uint8),
        np.arange(2),
    )
    assert found.probabilities is None and found.features.shape == (2, 4)
