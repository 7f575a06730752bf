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
        self._deadline = 0.0
        self.response_class = functools.partial(  # type: ignore[assignment]
            deadlines.answer, self._left
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
          TooLarge: if the body has more bytes.
          OSError: if the server cannot be reached, or hangs up.
          HTTPException: if it speaks something else than HTTP.
        """
        self._deadline = time.monotonic() + seconds
        try:
            if self.sock is None or _hung_up(self.sock):
                self.close()
                self.connect()
            self.sock.settimeout(self._left())
            body = None if content is None else json.dumps(content).encode()
            headers = {"Content-Type": "application/json", **headers}
            self.request(method, path, body, headers)
            response = self.getresponse()
            found = response.read(most_bytes + 1)
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

    def _left(self) -> float:
        """Seconds to the deadline."""
        return deadlines.left_until(self._deadline)


def _hung_up(sock: socket.socket) -> bool:
    """Whether there is something to read where nothing was asked: the end."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
