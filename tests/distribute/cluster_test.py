"""Rows of replicas, shares of workers, and what workers agree on."""

import numpy as np
import pytest
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.distribute import Cluster


@pytest.mark.parametrize("labelled", [False, True])
def test_each_replica_gets_its_rows_of_the_global_batch(two_cpus, labelled):
    batches = tf.data.Dataset.range(24).batch(6, drop_remainder=True)
    if labelled:
        batches = batches.map(lambda rows: (rows, -rows))
    shared = iter(Cluster(two_cpus).spread(batches, 6))
    for first in (0, 6, 12):
        got = tf.nest.flatten(next(shared))
        for sign, part in zip((1, -1), got, strict=False):
            rows = two_cpus.experimental_local_results(part)
            expected = sign * np.arange(first, first + 6).reshape(2, 3)
            np.testing.assert_array_equal(rows, expected)
        assert len(got) == 1 + labelled


def worker_of_two(worker):
    """Two workers with two replicas each, as `spread` sees them."""

    class Strategy:
        num_replicas_in_sync = 4

        def distribute_datasets_from_function(self, function):
            return function(tf.distribute.InputContext(2, worker, 4))

    return Cluster(Strategy())


@pytest.mark.parametrize("worker", [0, 1])
def test_each_worker_gets_its_rows_of_the_global_batch(worker):
    batches = tf.data.Dataset.range(16).batch(8, drop_remainder=True)

    def made(rows):
        return batches.map(lambda batch: batch[rows])

    first = 4 * worker
    # Two replicas of this worker take turns.
    expected = np.arange(16).reshape(2, 4, 2)[:, first // 2 : first // 2 + 2]
    for source in (batches, made):
        rows = worker_of_two(worker).spread(source, 8)
        got = [row.numpy() for row in rows]
        np.testing.assert_array_equal(got, expected.reshape(4, 2))


def test_endless_batches_are_known_to_be_so_by_each_worker():
    batches = tf.data.Dataset.range(8).repeat().batch(8, drop_remainder=True)
    own = worker_of_two(1).spread(batches, 8)
    assert own.cardinality() == tf.data.INFINITE_CARDINALITY


def test_batch_must_be_shared_out_evenly(two_cpus):
    with pytest.raises(errors.UsageError, match="multiple of the 2 devices"):
        Cluster(two_cpus).spread(tf.data.Dataset.range(3), 3)


def test_reproducibility_names_what_must_be_equal():
    found = Cluster().reproducibility(deterministic=True, jit=False)
    threads = found["where_equal"].pop("threads")
    assert threads >= 1
    assert found == {
        "bitwise": True,
        "where_equal": {
            "device": "CPU", "replicas": 1, "workers": 1, "jit": False,
        },
    }  # fmt: skip


def test_one_process_agrees_with_itself():
    cluster, rows = Cluster(), np.eye(2)
    assert cluster.gather(rows) is rows
    assert cluster.any(True) and not cluster.any(False)
    assert cluster.share(7) == (0, 7)
    cluster.agree(step=3)


def test_workers_that_differ_are_refused(monkeypatch):
    monkeypatch.setattr(
        Cluster,
        "gather",
        lambda cluster, rows: np.concatenate([rows, rows + np.array([[0, 1]])]),
    )
    with pytest.raises(errors.UsageError, match="differ in their checkpoint"):
        Cluster().agree(settings=1, checkpoint=2)


def test_each_replica_is_given_its_entry(two_cpus):
    numbers, signs = np.array([3.0, 5.0]), np.array([1.0, -1.0])
    cluster = Cluster(two_cpus)
    found = cluster.run_locally(lambda a, b: a * b, [numbers, signs])
    np.testing.assert_array_equal(found, [3.0, -5.0])
    assert cluster.num_local_replicas == cluster.num_replicas == 2
    assert [name[-5:] for name in cluster.local_devices()] == ["CPU:0", "CPU:1"]


def test_shares_of_workers_are_all_rows_once(monkeypatch):
    class Resolver:
        task_id = 0

    cluster = Cluster()
    monkeypatch.setattr(Cluster, "num_workers", 3)
    monkeypatch.setattr(type(cluster.strategy), "cluster_resolver", Resolver)
    bounds = []
    for Resolver.task_id in range(3):
        bounds.append(cluster.share(8))
        assert cluster.chief == (Resolver.task_id == 0)
    assert bounds == [(0, 2), (2, 5), (5, 8)]
