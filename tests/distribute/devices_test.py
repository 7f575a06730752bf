"""Strategies by name, their devices, and what is refused."""

import functools
import json
import socket

import pytest
import tensorflow as tf

from tf_mmdgan import errors
from tf_mmdgan.distribute import Cluster, devices, lost_workers, make_cluster
from tf_mmdgan.distribute.devices import _best, configure_devices, make_strategy


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in ("TF_CONFIG", "TPU_NAME"):
        monkeypatch.delenv(name, raising=False)


def tf_config(workers, kind="worker", index=0, **others):
    cluster = {"worker": workers, **others}
    return json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})  # fmt: skip  # noqa: E501


def test_one_device_is_the_default():
    cluster = make_cluster("one_device")
    assert cluster == Cluster()
    assert cluster.num_replicas == cluster.num_local_replicas == 1
    assert cluster.num_workers == 1
    assert cluster.chief


def test_mirrored_takes_all_logical_cpus(monkeypatch):
    made = []
    fresh = functools.cache(devices._mirrored_on.__wrapped__)
    monkeypatch.setattr(devices, "_mirrored_on", fresh)
    monkeypatch.setattr(
        tf.distribute, "MirroredStrategy", lambda x: made.append(x) or len(made)
    )
    # All runs of a process share one strategy.
    assert make_strategy("mirrored") == make_strategy("auto") == 1
    # The two of tests/conftest.py.
    assert [[n[-5:] for n in names] for names in made] == [["CPU:0", "CPU:1"]]


def test_auto_takes_the_workers_and_the_tpu_that_there_are(monkeypatch):
    monkeypatch.setenv("TPU_NAME", "no-such-tpu")
    assert _best() == "tpu"
    monkeypatch.setenv("TF_CONFIG", tf_config(["a:1"]))
    assert _best() == "tpu"
    monkeypatch.setenv("TF_CONFIG", tf_config(["a:1", "b:1"]))
    assert _best() == "multi_worker"


def test_cpu_cannot_be_split_again():
    configure_devices(logical_cpus=2)
    with pytest.raises(errors.UsageError, match="--logical_cpus=3"):
        configure_devices(logical_cpus=3)


@pytest.mark.parametrize("gpus", ["0", "1,0", "first"])
def test_gpus_that_are_not_there(gpus):
    with pytest.raises(errors.UsageError, match=r"there is no GPU .*found 0"):
        configure_devices(gpus=gpus)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "no json",
        "[]",
        "{}",
        tf_config(["a:1", "b:1"], index=2),
        tf_config(["a:1", "b:1"], kind="evaluator"),
        tf_config(["a:1"], ps=["c:1"]),
        tf_config(["a", "b:1"]),
        tf_config(["a:1", 3]),
    ],
)
def test_workers_need_a_tf_config(monkeypatch, text):
    if text is not None:
        monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(errors.UsageError, match="TF_CONFIG"):
        make_strategy("multi_worker")


@pytest.mark.parametrize(
    "text, reason",
    [
        ("{'cluster': 1}", "property name"),
        ('{"task": {"index": 0}}', "no 'cluster'"),
        (tf_config(["a"]), "'a' is not host:port"),
    ],
)
def test_a_tf_config_that_nobody_asked_for_is_quoted(monkeypatch, text, reason):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(errors.UsageError) as info:
        make_strategy("auto")
    told = str(info.value)
    assert reason in told and text[:20] in told and "unset it" in told
    assert "--strategy=one_device ignores it" in told and "needs" not in told
    assert make_strategy("one_device") is tf.distribute.get_strategy()


@pytest.mark.parametrize("text", ["", " {} "])
def test_an_empty_tf_config_is_none(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    assert _best() != "multi_worker"
    with pytest.raises(errors.UsageError, match="needs TF_CONFIG"):
        make_strategy("multi_worker")


def test_workers_may_train_together_again(monkeypatch):
    met = []
    monkeypatch.setattr(devices, "meet", lambda *found: met.append(found))
    both = tf.distribute, "MultiWorkerMirroredStrategy"
    monkeypatch.setattr(*both, object)
    monkeypatch.setenv("TF_CONFIG", tf_config(["a:1", "b:1"], index=1))
    try:
        # A second strategy would be refused by TensorFlow.
        assert make_strategy("multi_worker") is make_strategy("multi_worker")
        assert met == [(("a:1", "b:1"), 1)]

        def refuse():
            raise RuntimeError("Collective ops must be configured at startup")

        monkeypatch.setattr(*both, refuse)
        monkeypatch.setenv("TF_CONFIG", tf_config(["a:1", "c:1"], index=1))
        with pytest.raises(errors.UsageError, match="start a process for it"):
            make_strategy("multi_worker")
    finally:
        devices._multi_worker_of.cache_clear()


def closed_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.mark.parametrize("name", ["", "local", "grpc://127.0.0.1:{port}"])
def test_no_tpu_is_one_clear_error_within_seconds(monkeypatch, name):
    monkeypatch.setenv("TPU_NAME", name.format(port=closed_port()))
    with pytest.raises(errors.UsageError, match="no TPU at TPU_NAME=") as info:
        make_strategy("tpu")
    assert "\n" not in str(info.value)


def test_a_lost_worker_is_one_clear_error():
    with (
        pytest.raises(
            errors.DataError,
            match=r"\(Connection reset\).*goes on",
        ),
        lost_workers(),
    ):
        message = "Graph execution error:\n\nDetected at\nConnection reset\n"
        raise tf.errors.UnavailableError(None, None, message)
