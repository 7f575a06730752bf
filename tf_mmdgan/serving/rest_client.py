"""A model on a server, asked over TensorFlow Serving's REST interface."""

import functools
import json
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import types_pb2

from tf_mmdgan import errors
from tf_mmdgan.serving.connection import (
    Connection,
    Unavailable,
    late,
    persist,
    refused,
)
from tf_mmdgan.serving.predictor import Arrays, reason

with errors.extra("serving", "Requests to a server need"):
    import requests

_PIECE = 1 << 16


class RestPredictor:
    """Asks a server in JSON over HTTP; one may be shared by threads.

    Args:
      connection: which model on which server.
    """

    def __init__(self, connection: Connection):
        self._connection = connection
        scheme = "https" if connection.tls else "http"
        url = f"{scheme}://{connection.target}/v1/models/"
        url += connection.model_name
        if connection.model_version is not None:
            url += f"/versions/{connection.model_version}"
        self._url = url
        # A session keeps connections open, and belongs to one thread.
        self._local = threading.local()

    def signatures(self) -> Mapping[str, frozenset[str]]:
        """See `Predictor`."""
        return {
            name: frozenset(definition.get("inputs", {}))
            for name, definition in self._signature_defs.items()
        }

    def predict(
        self, signature: str, inputs: Arrays, outputs: Sequence[str]
    ) -> Arrays:
        """See `Predictor`."""
        content = self._ask(
            "POST",
            ":predict",
            {
                "signature_name": signature,
                # Scalars have no place in the row format, "instances".
                "inputs": {n: value.tolist() for n, value in inputs.items()},
            },
        )
        try:
            found = content["outputs"]
            if not isinstance(found, dict):  # The only output has no name.
                found = {outputs[0]: found}
            types = self._signature_defs[signature]["outputs"]
            return {
                name: np.asarray(found[name], _numpy_type(types[name]))
                for name in outputs
            }
        except (LookupError, TypeError, ValueError) as error:
            raise self._foreign(error) from error

    @functools.cached_property
    def _signature_defs(self) -> Mapping[str, Any]:
        content = self._ask("GET", "/metadata")
        try:
            return content["metadata"]["signature_def"]["signature_def"]
        except (LookupError, TypeError) as error:
            raise self._foreign(error) from error

    def _ask(self, method: str, suffix: str, body: Any = None) -> Any:
        def attempt(seconds: float) -> Any:
            try:
                return self._exchange(method, suffix, body, seconds)
            except requests.exceptions.SSLError as error:
                raise errors.DataError(
                    f"{self._connection.target} cannot be trusted or speaks no "
                    f"TLS: {reason(str(error))}"
                ) from error
            except requests.exceptions.Timeout as error:
                raise late(self._connection) from error
            except (
                requests.exceptions.ConnectionError,
                requests.exceptions.ChunkedEncodingError,
            ) as error:
                raise Unavailable(type(error).__name__) from error

        return persist(self._connection, attempt)

    def _exchange(
        self, method: str, suffix: str, body: Any, seconds: float
    ) -> Any:
        deadline = time.monotonic() + seconds
        # The timeout of requests is for each wait, not for all of them.
        with self._session().request(
            method,
            self._url + suffix,
            json=body,
            headers=self._connection.authorization,
            timeout=seconds,
            verify=self._connection.tls_ca or True,
            allow_redirects=False,
            stream=True,
        ) as response:
            pieces = []
            for piece in response.iter_content(_PIECE):
                pieces.append(piece)
                if time.monotonic() > deadline:
                    raise requests.exceptions.Timeout
        return self._content(response.status_code, b"".join(pieces))

    def _content(self, status: int, body: bytes) -> Any:
        """The JSON of an answer, or its error."""
        if status == requests.codes.unavailable:
            raise Unavailable(f"HTTP status {status}")
        if status == requests.codes.gateway_timeout:
            raise late(self._connection)
        if status in (requests.codes.unauthorized, requests.codes.forbidden):
            raise refused(self._connection, status)
        try:
            content = json.loads(body)
            message = "" if status == requests.codes.ok else content["error"]
        except (LookupError, TypeError, ValueError) as error:
            raise self._foreign(f"HTTP status {status}") from error
        if status in (requests.codes.bad_request, requests.codes.not_found):
            raise errors.UsageError(
                f"{self._connection.model}: {reason(message)}"
            )
        if status != requests.codes.ok:
            raise errors.DataError(
                f"{self._connection.model} failed: HTTP status {status}, "
                f"{reason(message)}"
            )
        return content

    def _foreign(self, found: object) -> errors.DataError:
        return errors.DataError(
            f"{self._connection.target} does not answer as the REST interface "
            f"of a model server does ({found!r}): is it the REST port?"
        )

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        return self._local.session


def _numpy_type(info: Mapping[str, Any]) -> type:
    """Of a TensorInfo in JSON: "DT_UINT8" -> uint8."""
    number = types_pb2.DataType.Value(info["dtype"])
    return tf.dtypes.as_dtype(number).as_numpy_dtype
