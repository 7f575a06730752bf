"""A model on a server, asked over TensorFlow Serving's REST interface."""

import functools
import http.client
import json
import math
import ssl
import threading
import urllib.parse
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple, NoReturn

from google.protobuf import json_format
from tensorflow.core.protobuf import meta_graph_pb2

from tf_mmdgan import errors
from tf_mmdgan.serving import answers, tls
from tf_mmdgan.serving.connection import (
    Connection,
    Unavailable,
    late,
    persist,
    refused,
)
from tf_mmdgan.serving.http_connection import HttpConnection, TooLarge
from tf_mmdgan.serving.predictor import Arrays, Signature, Wanted, reason

# What JSON takes at most: of an integer of 8 bits with its share of brackets,
# and of any other number; beside that, of what nobody asked for, such as the
# latents of each image; and of descriptions and errors.
_BYTES_OF_LEVEL, _BYTES_OF_NUMBER = 8, 32
_BYTES_BESIDE_IMAGE = 2**17
_SMALLEST_LIMIT = 2**22
# Lists, objects and texts of what nobody asked for: in all, and of each image.
_PARTS_BESIDE, _PARTS_BESIDE_IMAGE = 1000, 4
_NUMBERS_BESIDE_IMAGE = 2**12  # such as its latents


class _Limits(NamedTuple):
    """What an answer may have.

    Attributes:
      size: bytes.
      parts: lists, objects and texts.
      numbers: of any kind.
    """

    size: int = _SMALLEST_LIMIT
    parts: int = _SMALLEST_LIMIT
    numbers: int = _SMALLEST_LIMIT

    @classmethod
    def of(cls, wanted: Wanted) -> "_Limits":
        """Those of an answer with these outputs."""
        images = max((spec.shape[0] for spec in wanted.values()), default=0)
        size = _SMALLEST_LIMIT + _BYTES_BESIDE_IMAGE * images
        parts = _PARTS_BESIDE + _PARTS_BESIDE_IMAGE * images
        numbers = _PARTS_BESIDE + _NUMBERS_BESIDE_IMAGE * images
        for spec in wanted.values():
            sides, level = spec.shape.as_list(), spec.dtype.size == 1
            count = math.prod(sides)
            size += count * (_BYTES_OF_LEVEL if level else _BYTES_OF_NUMBER)
            parts += sum(math.prod(sides[:axis]) for axis in range(len(sides)))
            numbers += count
        return cls(size, parts, numbers)

    def fault(self, body: bytes) -> str | None:
        """What a body of JSON has too many of; None: nothing.

        Each takes many times the memory of its bytes.
        """
        parts = sum(map(body.count, (b"[", b"{", b'"')))
        if parts > self.parts:
            return "more lists than were asked for"
        if body.count(b",") > self.numbers + self.parts:
            return "more numbers than were asked for"
        return None


_OF_DESCRIPTIONS = _Limits()


class RestPredictor:
    """Asks a server in JSON over HTTP; one may be shared by threads.

    Args:
      connection: which model on which server.

    Attributes:
      most_bytes: of the images of one request. As JSON, and as objects of
        Python, these are up to forty times as many.

    Raises:
      UsageError: if the certificates to trust cannot be read.
    """

    most_bytes = 2**23

    def __init__(self, connection: Connection):
        self._connection = connection
        name = urllib.parse.quote(connection.model_name, safe="")
        self._path = f"/v1/models/{name}"
        if connection.model_version is not None:
            self._path += f"/versions/{connection.model_version}"
        self._context = (
            tls.trusting(connection.tls_ca) if connection.tls else None
        )
        # A connection stays open, and belongs to one thread.
        self._local = threading.local()

    def signatures(self) -> Mapping[str, Signature]:
        """See `Predictor`."""
        return self._signatures

    def predict(self, signature: str, inputs: Arrays, wanted: Wanted) -> Arrays:
        """See `Predictor`."""
        content = self._ask(
            "POST",
            ":predict",
            {
                "signature_name": signature,
                # Scalars have no place in the row format, "instances".
                "inputs": {n: value.tolist() for n, value in inputs.items()},
            },
            _Limits.of(wanted),
        )
        try:
            found = content["outputs"]
            if not isinstance(found, dict):  # The only output has no name.
                found = {next(iter(wanted)): found}
            return {
                name: answers.of_json(found[name], spec)
                for name, spec in wanted.items()
            }
        except (LookupError, TypeError, ValueError) as error:
            raise self._foreign(error) from error

    @functools.cached_property
    def _signatures(self) -> Mapping[str, Signature]:
        content = self._ask("GET", "/metadata")
        try:
            found = content["metadata"]["signature_def"]["signature_def"]
            definitions = {
                name: json_format.ParseDict(
                    definition, meta_graph_pb2.SignatureDef(), True
                )
                for name, definition in dict(found).items()
            }
            return answers.signatures(definitions)
        except (
            LookupError, TypeError, ValueError, json_format.ParseError,
        ) as error:  # fmt: skip
            raise self._foreign(error) from error

    def _ask(
        self,
        method: str,
        suffix: str,
        content: Any = None,
        limits: _Limits = _OF_DESCRIPTIONS,
    ) -> Any:
        def attempt(seconds: float) -> Any:
            try:
                status, body = self._http().exchange(
                    method,
                    self._path + suffix,
                    content,
                    self._connection.authorization,
                    seconds,
                    limits.size,
                )
            except TimeoutError as error:
                raise late(self._connection) from error
            except ssl.SSLEOFError as error:
                # Why the server has hung up is told by another look at it.
                raise Unavailable(type(error).__name__) from error
            except ssl.SSLError as error:
                to = self._connection
                raise errors.DataError(
                    tls.refusal(to.target, error, to.tls_ca)
                ) from error
            except (OSError, http.client.IncompleteRead) as error:
                raise Unavailable(type(error).__name__) from error
            except http.client.HTTPException as error:
                raise self._foreign(error) from error
            except TooLarge as error:
                size = f"more than {limits.size:,} bytes"
                raise self._foreign(size) from error
            fault = limits.fault(body)
            if fault is not None:
                raise self._foreign(fault)
            return self._content(status, body)

        return persist(self._connection, attempt)

    def _content(self, status: int, body: bytes) -> Any:
        """The JSON of an answer, or its error."""
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            raise Unavailable(f"HTTP status {status}")
        if status == HTTPStatus.GATEWAY_TIMEOUT:
            raise late(self._connection)
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise refused(self._connection, status)
        try:
            content = json.loads(body, parse_constant=_refuse)
            message = "" if status == HTTPStatus.OK else content["error"]
        except (LookupError, TypeError, ValueError, RecursionError) as error:
            raise self._foreign(f"HTTP status {status}") from error
        if status in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND):
            raise errors.UsageError(
                f"{self._connection.model}: {reason(message)}"
            )
        if status != HTTPStatus.OK:
            raise errors.DataError(
                f"{self._connection.model} failed: HTTP status {status}, "
                f"{reason(message)}"
            )
        return content

    def _foreign(self, found: object) -> errors.DataError:
        return errors.DataError(
            f"{self._connection.target} does not answer as the REST interface "
            f"of a model server does ({reason(found)}): is it the REST port?"
        )

    def _http(self) -> HttpConnection:
        if not hasattr(self._local, "http"):
            self._local.http = HttpConnection(
                self._connection.target, self._context
            )
        return self._local.http


def _refuse(constant: str) -> NoReturn:
    """NaN and infinities, which JSON does not have."""
    raise ValueError(constant)
