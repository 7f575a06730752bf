"""Processes that train together: where they are, and when one is gone."""

import contextlib
import json
import os
from collections.abc import Iterator

import tensorflow as tf

from tf_mmdgan import errors


def addresses() -> list[str]:
    """Addresses of all workers, as the environment's TF_CONFIG lists them.

    Raises:
      UsageError: for a TF_CONFIG that lists no workers, or not this one.
    """
    text = os.environ.get("TF_CONFIG", "")
    try:
        content = json.loads(text)
        found = content["cluster"].get("worker", [])
        kind, index = content["task"]["type"], int(content["task"]["index"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise errors.UsageError(
            "--strategy=multi_worker needs TF_CONFIG in the environment of "
            'every worker: {"cluster": {"worker": ["host:port", ...]}, "task":'
            ' {"type": "worker", "index": 0}}; tools/launch_local.py sets it.'
        ) from None
    if (
        set(content["cluster"]) != {"worker"}
        or kind != "worker"
        or not 0 <= index < len(found)
    ):
        raise errors.UsageError(
            "TF_CONFIG: tasks are workers alone, the first of which is the "
            f"chief; this one is {kind} {index} of "
            f"{len(found)} worker(s)."
        )
    return found


@contextlib.contextmanager
def lost_workers() -> Iterator[None]:
    """Where TensorFlow finds another worker gone, raises one clear error.

        with lost_workers():
            model.fit(cluster.spread(batches, 64), steps_per_epoch=100)

    Raises:
      DataError: with the remedy.
    """
    try:
        yield
    except (
        tf.errors.UnavailableError,
        tf.errors.AbortedError,
        tf.errors.DeadlineExceededError,
    ) as error:
        # The reason is one line; places in the graph stand before it, and what
        # the message carries after it.
        lines = [line.strip() for line in str(error.message).split("\n")]
        told = [line for line in lines if "Collective ops is aborted" in line]
        reason = (told or [line for line in lines if line])[-1][:240]
        raise errors.DataError(
            "Another worker is gone, and training cannot go on without it "
            f"({reason}). Start all of them again with the same command; the "
            "run goes on from its last checkpoint."
        ) from error
