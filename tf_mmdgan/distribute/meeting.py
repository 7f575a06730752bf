"""Workers wait for each other here, before TensorFlow would.

TensorFlow waits for the others of TF_CONFIG inside of C++: it says nothing, has
no end, and until then no signal but SIGKILL is heard. So the first worker opens
its port, the others connect to it and say which they are, and it answers when
all are there. Only then does TensorFlow take over the ports.
"""

import contextlib
import socket
import time
from collections.abc import Sequence

from tf_mmdgan import errors
from tf_mmdgan.distribute.workers import host_and_port

# Machines of one job may start minutes apart.
PATIENCE_SECONDS = 600.0

_GREETING = "tf_mmdgan worker "
_GREETING_BYTES = 64
_ALL_ARE_THERE = b"."
_POLL_SECONDS = 0.2
_LINK_SECONDS = 2.0  # for a connection, and for what is sent over it


def meet(
    addresses: Sequence[str], index: int, seconds: float = PATIENCE_SECONDS
) -> None:
    """Returns when all workers have called it; says on stderr who is awaited.

    Args:
      addresses: of all workers, "host:port", the first worker's first.
      index: of this one.
      seconds: after which to give up.

    Raises:
      DataError: if a worker does not come in time, or if the port of this one
        is taken.
    """
    if len(addresses) == 1:
        return
    wait = _Wait(seconds)
    if index:
        _report(addresses[0], index, wait)
    else:
        _receive(addresses, wait)


class _Wait:
    """Says once that it waits and for whom, and knows when it is too long."""

    def __init__(self, seconds: float):
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._said = False

    def go_on(self, awaited: str) -> None:
        """Call it again and again, with words for who is awaited.

        Raises:
          DataError: when it has been too long.
        """
        who = f"{awaited} (from TF_CONFIG; --strategy=one_device ignores it)"
        if not self._said:
            self._said = True
            errors.tell(
                f"waiting for {who}, for {self._seconds:g} seconds at most"
            )
        if time.monotonic() > self._deadline:
            raise errors.DataError(
                f"After {self._seconds:g} seconds there is no sign of {who}. "
                "Start all workers, or unset TF_CONFIG."
            )


def _receive(addresses: Sequence[str], wait: _Wait) -> None:
    """The first worker's part: waits for all others, and tells them."""
    present: dict[int, socket.socket] = {}
    with contextlib.ExitStack() as opened:
        door = opened.enter_context(_open_door(addresses[0]))
        while missing := sorted(set(range(1, len(addresses))) - set(present)):
            more = f" and {len(missing) - 1} more" * (len(missing) > 1)
            wait.go_on(f"worker {missing[0]} at {addresses[missing[0]]}{more}")
            with contextlib.suppress(OSError, ValueError):
                number, visitor = _visit(door, missing)
                present[number] = opened.enter_context(visitor)
            present = {n: v for n, v in present.items() if _is_alive(v)}
        for visitor in present.values():
            with contextlib.suppress(OSError):
                visitor.sendall(_ALL_ARE_THERE)


def _open_door(address: str) -> socket.socket:
    port = host_and_port(address)[1]
    both = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both else socket.AF_INET
    try:
        door = socket.create_server(
            ("", port), family=family, dualstack_ipv6=both
        )
    except OSError as error:
        raise errors.DataError(
            f"TF_CONFIG: this worker cannot have its port {port} "
            f"({error.strerror}): name another one, or end what uses it; "
            "--strategy=one_device ignores TF_CONFIG."
        ) from None
    door.settimeout(_POLL_SECONDS)
    return door


def _visit(
    door: socket.socket, expected: Sequence[int]
) -> tuple[int, socket.socket]:
    """The next visitor, and the number by which it introduces itself.

    Raises:
      OSError: if nobody comes for a moment.
      ValueError: for a visitor who is not expected, and is sent away.
    """
    visitor, _ = door.accept()
    try:
        visitor.settimeout(_LINK_SECONDS)
        text = visitor.recv(_GREETING_BYTES).decode("ascii")
        number = int(text.removeprefix(_GREETING))
        if not text.startswith(_GREETING) or number not in expected:
            raise ValueError(text)
        visitor.setblocking(False)
    except (OSError, ValueError):
        visitor.close()
        raise
    return number, visitor


def _is_alive(visitor: socket.socket) -> bool:
    """Whether the other side still holds the connection."""
    try:
        return bool(visitor.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return True
    except OSError:
        return False


def _report(chief: str, index: int, wait: _Wait) -> None:
    """Another worker's part: goes to the first one, until it answers."""
    while True:
        wait.go_on(f"worker 0 at {chief}")
        with (
            contextlib.suppress(OSError),
            socket.create_connection(
                host_and_port(chief), _LINK_SECONDS
            ) as connection,
        ):
            connection.sendall(f"{_GREETING}{index}".encode())
            connection.settimeout(_POLL_SECONDS)
            if _answered(connection, chief, wait):
                return
        time.sleep(_POLL_SECONDS)


def _answered(connection: socket.socket, chief: str, wait: _Wait) -> bool:
    """Whether the first worker says that all are there, before it is gone.

    Whatever it says will do: where TensorFlow has the port, all were there.
    """
    while True:
        try:
            return bool(connection.recv(1))
        except TimeoutError:
            wait.go_on(f"the workers that worker 0 at {chief} waits for")
