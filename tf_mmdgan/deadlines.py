"""Answers over HTTP that are whole by a deadline, whatever a server does.

The time limit of a socket is that of one wait: a server that sends a byte
before each of them ends, or headers without end, could keep a client for ever.
"""

import http.client
import io
import socket
import time
from collections.abc import Callable
from typing import Any


def left_until(deadline: float) -> float:
    """Seconds to a moment of `time.monotonic`.

    Raises:
      TimeoutError: when it is over.
    """
    left = deadline - time.monotonic()
    if left <= 0.0:
        raise TimeoutError
    return left


def answer(
    left: Callable[[], float],
    sock: socket.socket,
    count: Callable[[int], None] = lambda size: None,
    **options: Any,
) -> http.client.HTTPResponse:
    """The answer on a socket, each read of which waits for what time is left.

    Args:
      left: returns seconds to the deadline; a TimeoutError when it is over.
      sock: that the answer comes from.
      count: is told how many bytes have come, at each read; may raise. An
        answer's own claims can make `http.client` read all that there is.
      **options: of `http.client.HTTPResponse`.
    """
    response = http.client.HTTPResponse(sock, **options)
    raw = response.fp.detach()
    response.fp = io.BufferedReader(_Timed(left, count, sock, raw))
    return response


class _Timed(io.RawIOBase):
    """Reads from a socket; each read waits for what is left of the time."""

    def __init__(
        self,
        left: Callable[[], float],
        count: Callable[[int], None],
        sock: socket.socket,
        raw: io.RawIOBase,
    ):
        self._left, self._count = left, count
        self._sock, self._raw = sock, raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._left())
        size = self._raw.readinto(buffer)
        self._count(size or 0)
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()
