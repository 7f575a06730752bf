"""On PYTHONPATH, this makes the clock of a process run backwards."""

import time

_start = time.time()
# A day back at once, and on from there in the wrong direction.
time.time = lambda: _start - 86400.0 - time.monotonic()
