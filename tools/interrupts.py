"""Ctrl-C, told as one line whatever it came upon."""

import _thread
import os
import signal
import sys
import threading
from typing import Any

# What a shell reports for a process that SIGINT has ended.
INTERRUPTED = 128 + signal.SIGINT
_AGAIN_SECONDS = 0.05


def watch_start() -> None:
    """Lets a Ctrl-C end a tool with one line while its modules are imported.

    Nothing is done yet, so nothing is saved. `Interrupts` takes its place, and
    leaves it to the end of the process. Programs that import tools, and those
    that ignore Ctrl-C, stay as they are.
    """
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if usual and _is_tool():
        signal.signal(signal.SIGINT, _end)


def _end(number: int, frame: Any) -> None:
    del number, frame
    os.write(2, b"error: interrupted\n")
    os._exit(INTERRUPTED)


def _is_tool() -> bool:
    """Whether this process is one of the tools: a command, a module, a file."""
    if sys.argv[:1] == ["-m"]:  # until Python has found the module
        return any(a.startswith("tf_mmdgan.tools.") for a in sys.orig_argv)
    program = getattr(sys.modules["__main__"], "__file__", None) or ""
    folder, name = os.path.split(os.path.abspath(program))
    ours = os.path.dirname(os.path.abspath(__file__))
    return name.startswith("tf-mmdgan") or folder == ours


class Interrupts:
    """In a `with` block: a Ctrl-C leaves it as KeyboardInterrupt, always.

    TensorFlow makes a TypeError of one that comes while it traces, and others
    make what they like of that; where Python itself can only print it, it is
    sent again. A second one ends the process at once.

    Raises:
      KeyboardInterrupt: instead of any error that follows a Ctrl-C.
    """

    def __init__(self):
        self._happened = False
        self._before: Any = None
        self._hook = sys.unraisablehook

    def __enter__(self) -> "Interrupts":
        # Elsewhere Python refuses handlers; what ignores Ctrl-C goes on so.
        in_main = threading.current_thread() is threading.main_thread()
        if in_main and signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
            self._before = signal.signal(signal.SIGINT, self._raise)
            sys.unraisablehook = self._send_again
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            sys.unraisablehook = self._hook
        if self._happened and isinstance(error, Exception):
            raise KeyboardInterrupt from error

    def _raise(self, number: int, frame: Any) -> None:
        del number, frame
        if self._happened:
            os._exit(INTERRUPTED)
        self._happened = True
        raise KeyboardInterrupt

    def _send_again(self, unraisable: Any) -> None:
        if unraisable.exc_type is KeyboardInterrupt:
            self._happened = False
            # When this function, which Python spares none either, has ended.
            again = threading.Timer(_AGAIN_SECONDS, _thread.interrupt_main)
            again.daemon = True
            again.start()
        else:
            self._hook(unraisable)
