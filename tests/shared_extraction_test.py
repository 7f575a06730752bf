"""Shares of devices and workers, put together, are the features of all."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import evaluation, shared_extraction, strategies

EXTRACTOR = evaluation.get_extractor("lenet_digits")


def images(rng, n):
    return rng.integers(0, 256, (n, 16, 16, 1), dtype=np.uint8)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_two_devices_find_what_one_finds(two_cpus, rng, n):
    pictures = images(rng, 9)
    order = rng.permutation(9)[:n]
    expected = evaluation.extract(EXTRACTOR, pictures[order])
    found = shared_extraction.of_images(two_cpus, EXTRACTOR, pictures, order)
    for actual, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(actual, wanted, atol=1e-5)
    drawn = shared_extraction.of_drawn(
        two_cpus, EXTRACTOR, lambda a, b: pictures[order][a:b], n
    )
    np.testing.assert_array_equal(drawn.features, found.features)


@pytest.mark.parametrize("workers", [2, 3])
def test_every_worker_works_at_its_share_alone(monkeypatch, rng, workers):
    """Workers one after the other, in one process."""
    pictures, order = images(rng, 8), rng.permutation(8)
    one = tf.distribute.get_strategy()
    monkeypatch.setattr(strategies, "num_workers", lambda strategy: workers)
    monkeypatch.setattr(strategies, "num_local_replicas", lambda strategy: 1)
    gathered = []
    monkeypatch.setattr(
        strategies,
        "gather_from_workers",
        lambda strategy, rows: gathered.append(rows),
    )

    class Resolver:
        task_id = 0

    monkeypatch.setattr(type(one), "cluster_resolver", Resolver)
    for Resolver.task_id in range(workers):
        shared_extraction.of_images(one, EXTRACTOR, pictures, order)
    expected = evaluation.extract(EXTRACTOR, pictures[order])
    np.testing.assert_allclose(
        np.concatenate(gathered[::2]), expected.features, atol=1e-5
    )
    np.testing.assert_allclose(
        np.concatenate(gathered[1::2]), expected.probabilities, atol=1e-5
    )


def test_without_classes_there_are_none():
    found = shared_extraction.of_images(
        tf.distribute.get_strategy(),
        evaluation.get_extractor("pixels"),
        np.zeros([3, 2, 2, 1], np.uint8),
        np.arange(2),
    )
    assert found.probabilities is None and found.features.shape == (2, 4)
