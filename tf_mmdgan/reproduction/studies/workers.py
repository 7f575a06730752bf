"""Processes that share independent computations, one thread each."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent import futures
from multiprocessing import connection
from typing import Any


def run(
    function: Callable[..., Any], tasks: Sequence[Sequence[Any]], count: int
) -> None:
    """Calls `function` with the arguments of each task, in `count` processes.

    Networks of a few units have nothing to share between threads; processes
    with one thread each have.

    Args:
      function: of a module, as its arguments are pickled for the way there.
      tasks: arguments of each call; started in this order.
      count: of processes.

    Raises:
      Exception: the first that a call raises; what has not begun is dropped.
    """
    with futures.ProcessPoolExecutor(
        min(count, len(tasks)),
        # TensorFlow's threads do not survive a fork.
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_prepare,
    ) as pool:
        calls = [pool.submit(function, *task) for task in tasks]
        try:
            for call in futures.as_completed(calls):
                call.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _prepare() -> None:
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    # A parent that is killed tells its workers nothing.
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
    os._exit(1)
