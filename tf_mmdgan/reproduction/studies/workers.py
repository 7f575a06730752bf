"""Processes that share independent computations, one thread each."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent import futures
from multiprocessing import connection
from typing import Any


def run(
    function: Callable[..., Any], tasks: Sequence[Sequence[Any]], count: int
) -> None:
    """Calls `function` with the arguments of each task, in `count` processes.

    Several threads have too little to do in networks of a few units; several
    processes with one thread each do not wait for one another.

    Args:
      function: one that a module defines, for it is pickled like its arguments.
      tasks: arguments of each call; calls start in this order.
      count: number of processes.

    Raises:
      Exception: the first one that a call raises. Calls that have not begun are
        dropped then.
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
    # A Ctrl-C reaches workers too, of which the parent tells.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    # A parent that is killed cannot tell its workers to end.
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
    os._exit(1)
