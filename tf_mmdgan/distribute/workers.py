"""Processes that train together: where they are, and when one is gone."""

import contextlib
import json
import os
from collections.abc import Iterator

import tensorflow as tf

from tf_mmdgan import errors

_FORM = (
    '{"cluster": {"worker": ["host:port", ...]}, "task": {"type": "worker", '
    '"index": 0}}'
)
_REMEDY = "Mend or unset it; --strategy=one_device ignores it."


def configured() -> bool:
    """Whether the environment has a TF_CONFIG that says anything."""
    return os.environ.get("TF_CONFIG", "").strip() not in ("", "{}")


def addresses() -> list[str]:
    """Addresses of all workers, as the environment's TF_CONFIG lists them.

    Raises:
      UsageError: for a TF_CONFIG that lists no workers, or not this one.
    """
    return listed()[0]


def listed() -> tuple[list[str], int]:
    """`addresses`, and the place of this process among them.

    Raises:
      UsageError: as `addresses`.
    """
    if not configured():
        raise errors.UsageError(
            "--strategy=multi_worker needs TF_CONFIG in the environment of "
            f"every worker: {_FORM}; tf-mmdgan launch_local sets it."
        )
    text = os.environ["TF_CONFIG"]
    try:
        content = json.loads(text)
        jobs = set(content["cluster"])
        found = list(content["cluster"].get("worker", []))
        for address in found:
            host_and_port(address)
        kind, index = content["task"]["type"], int(content["task"]["index"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else error
        raise errors.UsageError(
            f"TF_CONFIG is not of the form {_FORM} "
            f"({errors.excerpt(reason, 80)}); in the environment it is: "
            f"{errors.excerpt(text, 80)} {_REMEDY}"
        ) from None
    if jobs != {"worker"} or kind != "worker" or not 0 <= index < len(found):
        raise errors.UsageError(
            "TF_CONFIG: tasks are workers alone, the first of which is the "
            f"chief; this one is {errors.excerpt(kind, 40)} {index} of "
            f"{len(found)} worker(s). {_REMEDY}"
        )
    return found, index


def host_and_port(address: str) -> tuple[str, int]:
    """The parts of a worker's address.

    Raises:
      ValueError: for what is no such address.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError(f"'{address}' is not host:port")
    return host.strip("[]"), int(port)


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
