"""Bounds on what an attack may cost."""

import contextlib
import time
import tracemalloc


@contextlib.contextmanager
def within(seconds, megabytes=500):
    """Fails if the block takes longer, or if Python and NumPy allocate more.

    Bounds are far above what is needed here, and far below what the attack
    would take: an attack goes on for ever, or takes gigabytes.
    """
    tracemalloc.start()
    began = time.monotonic()
    try:
        yield
    finally:
        took = time.monotonic() - began
        peak = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
    assert took < seconds, f"{took:.1f} s"
    assert peak < megabytes, f"{peak:.0f} MiB"
