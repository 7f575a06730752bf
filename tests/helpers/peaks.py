"""The most memory that a process has held."""

import inspect
import subprocess
import sys


def peak():
    """In MiB, since the program of this process began.

    `ru_maxrss` of a child process is never less than what its parent held.
    """
    with open("/proc/self/status") as status:
        (line,) = [line for line in status if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def printed_peak(code, *arguments):
    """The number that a child process prints, whose code may call `peak`."""
    source = f"{inspect.getsource(peak)}\n{code}"
    command = [sys.executable, "-c", source, *map(str, arguments)]
    return float(subprocess.check_output(command, timeout=600))
