"""HTTP within a deadline and a number of bytes, whatever the server does."""

import functools
import http.client
import json
import select
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Any

from tf_mmdgan import deadlines

_BYTES_AT_A_TIME = 2**14  # that are sent: what TLS waits for in one go
_HEADER_BYTES = 2**23  # more than `http.client` takes of an answer


class TooLarge(Exception):
    """An answer of more bytes than were allowed."""


def reached(host: str, port: int, left: Callable[[], float]) -> socket.socket:
    """A socket at the first address that answers, of all that a name has.

    There may be any number of them; the deadline is that of them all.

    Args:
      host: a name or an address.
      port: of the host.
      left: returns seconds to the deadline; a TimeoutError when it is over.

    Raises:
      OSError: if none answers; TimeoutError when the seconds are over.
    """
    cause = OSError(f"{host} has no address")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:  # of parts that are too long, or empty
        raise cause from None
    for family, kind, protocol, _, address in found:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(left())
            sock.connect(address)
        except OSError as error:
            sock.close()
            cause = error
        else:
            return sock
    raise cause


class HttpConnection(http.client.HTTPConnection):
    """One connection, kept open, whose every wait ends at one deadline.

    Redirects are not followed, and compressed answers not unpacked.

    Args:
      target: host:port.
      context: of TLS; None for none.
    """

    def __init__(self, target: str, context: ssl.SSLContext | None = None):
        super().__init__(target)
        self._context = context
        self._deadline, self._most_bytes = 0.0, 0
        self.response_class = functools.partial(  # type: ignore[assignment]
            deadlines.answer, self._left, count=self._count
        )

    def exchange(
        self,
        method: str,
        path: str,
        content: Any,
        headers: Mapping[str, str],
        seconds: float,
        most_bytes: int,
    ) -> tuple[int, bytes]:
        """Asks once.

        Args:
          method: GET or POST.
          path: behind the host.
          content: sent as JSON, unless it is None.
          headers: beside the usual ones.
          seconds: for everything, from connecting to the last byte.
          most_bytes: of the body of the answer.

        Returns:
          Status and body.

        Raises:
          TimeoutError: when the seconds are over.
          TooLarge: if the body has more bytes, or all else far more.
          OSError: if the server cannot be reached, or hangs up.
          HTTPException: if it speaks something else than HTTP.
        """
        self._deadline = time.monotonic() + seconds
        # What comes in chunks has the size of each between them.
        self._most_bytes = 2 * most_bytes + _HEADER_BYTES
        try:
            if self.sock is None or _hung_up(self.sock):
                self.close()
                self.connect()
            self.sock.settimeout(self._left())
            body = None if content is None else json.dumps(content).encode()
            headers = {"Content-Type": "application/json", **headers}
            self.request(method, path, body, headers)
            response = self.getresponse()
            found = _read(response, most_bytes + 1)
            if len(found) > most_bytes:
                raise TooLarge
            return response.status, found
        except BaseException:
            self.close()
            raise

    def connect(self) -> None:
        """See `http.client.HTTPConnection`."""
        self.sock = reached(self.host, self.port, self._left)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._context is not None:
            self.sock.settimeout(self._left())
            self.sock = self._context.wrap_socket(
                self.sock, server_hostname=self.host
            )

    def send(self, data: Any) -> None:
        """Sends bytes, however slowly a server takes them."""
        for start in range(0, len(data), _BYTES_AT_A_TIME):
            self.sock.settimeout(self._left())
            self.sock.sendall(data[start : start + _BYTES_AT_A_TIME])

    def _count(self, size: int) -> None:
        """Takes so many bytes of an answer; TooLarge if these are too many."""
        self._most_bytes -= size
        if self._most_bytes < 0:
            raise TooLarge

    def _left(self) -> float:
        """Seconds to the deadline."""
        return deadlines.left_until(self._deadline)


def _read(response: http.client.HTTPResponse, most: int) -> bytes:
    """So many bytes of a body at most; HTTPException for what is none."""
    try:
        return response.read(most)
    except OSError:  # Some of TLS are a ValueError too.
        raise
    except (ArithmeticError, ValueError) as error:  # of the size of a chunk
        raise http.client.HTTPException(str(error)) from error


def _hung_up(sock: socket.socket) -> bool:
    """Whether there is something to read where nothing was asked: the end."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
