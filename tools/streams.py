"""The standard streams of a tool: closed ones, full ones, and what is withheld.

A tool writes its result to stdout, and everything else to stderr.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator

from tf_mmdgan import errors

# As of a process that SIGPIPE has ended.
_BROKEN_PIPE = 128 + signal.SIGPIPE
_PIPE_BYTES = 65536


def open_closed() -> None:
    """Opens the standard streams that are closed, so that no file is in turn.

    Else the next file that is opened would be stderr, and have messages written
    into it. stdout gets a descriptor that cannot be written to, so that a
    result is not lost unnoticed.
    """
    for number, name, flags in (
        (0, "stdin", os.O_RDONLY),
        (1, "stdout", os.O_RDONLY),
        (2, "stderr", os.O_WRONLY),
    ):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, flags)
            if not _is_open(number):
                os.dup2(descriptor, number)
            mode = "w" if number else "r"
            stream = open(descriptor, mode, closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def check_stdout() -> None:
    """Checks that stdout can be written to, where that is known beforehand.

    Raises:
      DataError: if it cannot, such as when it is closed.
    """
    try:
        os.write(1, b"")
    except OSError as error:
        raise _no_result(error) from error


def _no_result(error: OSError) -> errors.DataError:
    return errors.DataError(
        f"The result cannot be written to stdout ({error.strerror}): lead it "
        "elsewhere, such as to a file."
    )


@contextlib.contextmanager
def written() -> Iterator[None]:
    """What is written to stdout inside has been written when it ends.

    Raises:
      SystemExit: with 141 where a stream is a pipe that nobody reads any more,
        and with 1, after one line on stderr, if stdout cannot be written to.
    """
    try:
        try:
            yield
        finally:
            # A full disk costs messages, but no result.
            _give_up_on(sys.stderr)
            sys.stdout.flush()
    except BrokenPipeError:
        _give_up_on(sys.stdout, sys.stderr)
        sys.exit(_BROKEN_PIPE)
    except OSError as error:
        _give_up_on(sys.stdout)
        errors.tell(f"error: {_no_result(error)}")
        sys.exit(errors.DataError.exit_code)


def _give_up_on(*streams) -> None:
    """Lets what was not written, and is kept for another try, go nowhere."""
    for stream in streams:
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


@contextlib.contextmanager
def withheld() -> Iterator[None]:
    """Withholds what is written to stderr inside, unless the process dies.

    Native code ends processes, after its last words, where Python does not see
    it. So another process, which is no more than a copy of this one, holds the
    other end, and writes to stderr what it got if this one dies. An exception
    lets it do so, too.
    """
    sys.stderr.flush()
    try:
        keeper, entry = _start_keeper()
    except OSError:  # There can be no more processes, or no more files.
        yield
        return
    before = os.dup(2)
    os.dup2(entry, 2)
    os.close(entry)
    try:
        yield
        os.kill(keeper, signal.SIGKILL)
    except (errors.UsageError, KeyboardInterrupt):
        os.kill(keeper, signal.SIGKILL)
        raise
    finally:
        sys.stderr.flush()
        os.dup2(before, 2)
        os.close(before)
        os.waitpid(keeper, 0)


def _start_keeper() -> tuple[int, int]:
    """A process that keeps what it is sent: its id, and where to send it."""
    exit_, entry = os.pipe()
    keeper = os.fork()
    if keeper:
        os.close(exit_)
        return keeper, entry
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        os.close(entry)
        kept = b""
        while received := os.read(exit_, _PIPE_BYTES):
            kept += received
        os.write(2, kept)
    finally:
        os._exit(0)
