"""Processes that train together: where they are, and when one is gone."""

import contextlib
import json
import os
from collections.abc import Iterator

import tensorflow as tf

from tf_mmdgan import errors


def addresses() -> list[str]:
    """Addresses of all workers, by TF_CONFIG."""
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
    """Turns what TensorFlow says when a worker is gone into one clear error.

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
        # Before it come the places in the graph, after it the payload.
        lines = [line.strip() for line in str(error.message).split("\n")]
        told = [line for line in lines if "Collective ops is aborted" in line]
        reason = (told or [line for line in lines if line])[-1][:240]
        raise errors.DataError(
            "Another worker is gone, and training cannot go on without it "
            f"({reason}). Start all of them again with the same command; the "
            "run goes on from its last checkpoint."
        ) from error
