"""Timing of several settings in turn, so that all meet the same machine."""

import time
from collections.abc import Callable, Mapping


def seconds_per_step(
    runs: Mapping[str, Callable[[int], None]], rounds: int, steps: int
) -> dict[str, list[float]]:
    """Of each run, which trains for some steps, in each round.

    Two steps of each come first, which compile it and are not timed.
    """
    for run in runs.values():
        run(2)
    seconds = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            run(steps)
            elapsed = time.perf_counter() - start
            seconds[name].append(elapsed / steps)
    return seconds


def timed(run: Callable[[], object]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start
