"""How a server is reached, how long, and how often."""

import dataclasses
import os
import random
import time
from collections.abc import Callable
from typing import TypeVar

from tf_mmdgan import errors, switches
from tf_mmdgan.serving import tls

Answer = TypeVar("Answer")

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0
_LONGEST_SECONDS = 1e6  # which sockets can wait for


@dataclasses.dataclass(frozen=True)
class Connection:
    """A model on a server, and how to ask it.

        >>> tm.Connection("localhost:8500", timeout=5.0).model_name
        'generator'

    Attributes:
      target: host:port.
      model_name: what the server calls the model.
      model_version: the version to ask, or None for the newest.
      timeout: seconds for one request, its retries included.
      retries: further tries of a request while the server is unavailable; no
        other failure is tried again.
      tls: whether to encrypt, and to check the server's certificate.
      tls_ca: file of certificates to trust, as PEM; None for the system's.
      token: bearer token sent with each request, or None.
      token_in_clear: whether to send the token without TLS all the same.

    Raises:
      UsageError: for a target without a port, numbers out of range, a token
        that is none or would be sent in clear, or a file of certificates that
        is not there or holds none.
    """

    target: str
    model_name: str = "generator"
    model_version: int | None = None
    timeout: float = 30.0
    retries: int = 4
    tls: bool = False
    tls_ca: str | None = None
    token: str | None = dataclasses.field(default=None, repr=False)
    token_in_clear: bool = False

    def __post_init__(self):
        switches.settle(self)
        errors.check_type("target", self.target, str)
        errors.check_type("model_name", self.model_name, str)
        errors.check_count(0, retries=self.retries)
        errors.check_above(0.0, timeout=self.timeout)
        if self.timeout > _LONGEST_SECONDS:
            raise errors.UsageError(
                f"timeout={self.timeout:g}: need {_LONGEST_SECONDS:g} seconds "
                "at most."
            )
        if self.model_version is not None:
            errors.check_count(0, model_version=self.model_version)
            errors.check_seed(model_version=self.model_version)
        if not self.model_name:
            raise errors.UsageError("model_name is empty: name the model.")
        web = self.target.lower().startswith(("http:", "https:"))
        port = "" if web else self.target.rpartition(":")[2]
        if not port.isdecimal() or not 0 < int(port) < 2**16:
            raise errors.UsageError(
                f"target={self.target}: need host:port, the port 1 to 65535."
            )
        if self.tls_ca is not None and not os.path.isfile(self.tls_ca):
            raise errors.UsageError(f"There is no file {self.tls_ca}.")
        if self.tls:
            tls.trusting(self.tls_ca)
        if self.token is not None and not is_token(self.token):
            raise errors.UsageError(
                "token: need one line of printable ASCII characters."
            )
        if self.token and not (self.tls or self.token_in_clear):
            raise errors.UsageError(
                "A token needs TLS, else anyone on the way can read it; "
                "token_in_clear sends it all the same."
            )

    @property
    def authorization(self) -> dict[str, str]:
        """The header that carries the token, where there is one."""
        return {"authorization": f"Bearer {self.token}"} if self.token else {}

    @property
    def model(self) -> str:
        """The model and its version, for messages."""
        version = "" if self.model_version is None else f"/{self.model_version}"
        return f"{self.model_name}{version} on {self.target}"


def is_token(text: object) -> bool:
    """Whether a text can be sent in a header."""
    return isinstance(text, str) and text.isascii() and text.isprintable()


class Unavailable(Exception):
    """The server cannot be reached, or says that it is not ready."""


def late(connection: Connection) -> errors.DataError:
    """The error of a server that takes too long."""
    return errors.DataError(
        f"{connection.model} has not answered within {connection.timeout:g} "
        "seconds: give it more, or ask for fewer images at a time."
    )


def refused(connection: Connection, code: object) -> errors.UsageError:
    """The error of a server that wants to know who asks."""
    hint = "refuses the token" if connection.token else "wants a token"
    return errors.UsageError(f"{connection.target} {hint} ({code}).")


def persist(
    connection: Connection,
    attempt: Callable[[float], Answer],
    sleep: Callable[[float], None] = time.sleep,
    grpc: bool = False,
) -> Answer:
    """Tries until the server is available, pausing longer each time.

    Args:
      connection: how long, and how often.
      attempt: makes the request within the given seconds; raises Unavailable.
      sleep: waits for some seconds.
      grpc: whether the request is made over gRPC.

    Returns:
      What `attempt` returned.

    Raises:
      DataError: if the server stays unavailable, or one of both sides only
        speaks TLS or gRPC, or the server cannot be trusted.
    """
    deadline = time.monotonic() + connection.timeout
    for tries in range(1, connection.retries + 2):
        try:
            return attempt(deadline - time.monotonic())
        except Unavailable as error:
            cause = error
        if tries == 1:
            _look(connection, deadline - time.monotonic(), grpc)
        longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (tries - 1))
        # At random, so that clients of one server do not return together.
        pause = random.uniform(0.5, 1.0) * longest
        if time.monotonic() + pause >= deadline:
            break
        if tries <= connection.retries:
            sleep(pause)
    raise errors.DataError(
        f"No server answers at {connection.target} (tried {tries} times: "
        f"{cause}); start it, or name another target."
    ) from cause


def _look(connection: Connection, seconds: float, grpc: bool) -> None:
    """Ends the tries where a server is there that speaks otherwise."""
    fault = tls.fault(
        connection.target, connection.tls, connection.tls_ca, seconds, grpc
    )
    if fault is not None:
        raise errors.DataError(fault)
