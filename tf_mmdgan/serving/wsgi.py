"""A web server that slow clients, or many of them, cannot lock up."""

import json
from typing import Any

from tf_mmdgan import errors

with errors.extra("demo", "The page and the test server need"):
    import waitress.channel
    import waitress.parser
    import waitress.server
    import waitress.task
    import waitress.wasyncore

_THREADS = 8
_REQUEST_SECONDS = 10  # for a whole request, and between two of them
# More of one address, and those that have waited longest are hung up on.
_CONNECTIONS_OF_ADDRESS = 32
_HEADER_BYTES = 2**14
_BODY_BYTES = 2**20
# Of answers that wait for their readers; beyond it, threads would wait too.
_WAITING_BYTES = 2**30


class Server(waitress.server.TcpWSGIServer):
    """Serves a WSGI application over HTTP/1.1, in threads.

    Args:
      application: what is served.
      host: address or name of this machine.
      port: 0 takes a free one.

    Attributes:
      effective_port: the port.

    Raises:
      OSError: if the port is taken.
    """

    def __init__(self, application: Any, host: str, port: int):
        super().__init__(
            application,
            map={},
            host=host,
            port=port,
            threads=_THREADS,
            channel_timeout=_REQUEST_SECONDS,
            cleanup_interval=1,
            max_request_header_size=_HEADER_BYTES,
            max_request_body_size=_BODY_BYTES,
            outbuf_high_watermark=_WAITING_BYTES,
        )
        self.channel_class = _Channel

    def maintenance(self, now: float) -> None:
        """Hangs up on those that are to be left, whether or not they read.

        Waitress waits until they can be written to.
        """
        super().maintenance(now)
        # Not now, when their sockets are about to be waited for.
        self.trigger.pull_trigger(self._hang_up)

    def _hang_up(self) -> None:
        for channel in [*self.active_channels.values()]:
            if channel.will_close and not channel.requests:
                channel.handle_close()

    def stop(self) -> None:
        """Lets `run`, which another thread is in, return."""
        sockets = self._map
        self.trigger.pull_trigger(lambda: waitress.wasyncore.close_all(sockets))
        self.task_dispatcher.shutdown()


class _Request(waitress.parser.HTTPRequestParser):
    """A request that is read, whatever its headers are."""

    def parse_header(self, header_plus: bytes) -> None:
        """Refuses what Python cannot read, as a length of thousands of digits.

        Else the traceback would be in the terminal.
        """
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            raise waitress.parser.ParsingError(str(error)) from error


class _Refusal(waitress.task.ErrorTask):
    """Says as JSON what was wrong with a request that cannot be read."""

    def execute(self) -> None:
        error = self.request.error
        client = error.code < 500
        self.status = "400 Bad Request" if client else f"{error.code} Error"
        text = f"{error.reason}: {errors.excerpt(error.body)}"
        body = json.dumps({"error": text}).encode()
        self.response_headers.append(("Content-Type", "application/json"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Channel(waitress.channel.HTTPChannel):
    """A connection, which is closed after a time without a whole request."""

    error_task_class = _Refusal
    parser_class = _Request
    last_activity: float
    will_close: bool

    def __init__(self, server: Server, *args: Any, **kw: Any):
        super().__init__(server, *args, **kw)
        self._make_room([*server.active_channels.values()])

    def handle_read(self) -> None:
        """Counts time from the beginning of a request, not from its last byte.

        `maintenance` of the server closes what was not active for too long.
        """
        began, since = self.request is not None, self.last_activity
        super().handle_read()
        if began and self.request is not None:
            self.last_activity = since

    def _make_room(self, channels: list["_Channel"]) -> None:
        """Hangs up on others of this address, if these are too many."""
        others = [
            c
            for c in channels
            if c.addr[0] == self.addr[0] and c is not self and not c.will_close
        ]
        surplus = len(others) + 1 - _CONNECTIONS_OF_ADDRESS
        idle = [channel for channel in others if not channel.requests]
        idle.sort(key=lambda channel: channel.last_activity)
        for channel in idle[: max(surplus, 0)]:
            channel.will_close = True
        # All others are being answered.
        self.will_close = surplus > len(idle)
