"""How long steps wait for their batches."""

import time


class InputClock:
    """Sums up how long steps have waited for their batches.

    Attributes:
      seconds: waited so far.
    """

    def __init__(self):
        self.seconds = 0.0
        self._start = 0.0

    def started(self) -> float:
        """Notes that a step asks for its batches; returns `seconds`."""
        self._start = time.monotonic()
        return self.seconds

    def arrived(self) -> float:
        """Notes that all of them are there; returns `seconds`."""
        self.seconds += time.monotonic() - self._start
        return self.seconds
