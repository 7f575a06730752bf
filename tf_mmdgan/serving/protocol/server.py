"""Both interfaces of the test server, on ports of this machine."""

import os
import threading
from collections.abc import Mapping

from tf_mmdgan import errors
from tf_mmdgan.serving import wsgi
from tf_mmdgan.serving.protocol import grpc_server, rest_server
from tf_mmdgan.serving.protocol.batching import BatchingSettings
from tf_mmdgan.serving.protocol.model import ServedModel

_HOST = "127.0.0.1"
_THREADS = 8


class ProtocolServer:
    """Serves versions of one model until it is stopped; a context manager.

    Args:
      name: what clients call the model.
      paths: folders of SavedModels, by version.
      grpc_port: 0 takes a free one.
      rest_port: 0 takes a free one.
      batching: how requests are joined; None: each is run by itself.

    Attributes:
      grpc_target: host:port of the gRPC interface.
      rest_target: host:port of the REST interface.

    Raises:
      DataError: for a version that cannot be loaded, or a port that is taken.
    """

    def __init__(
        self,
        name: str,
        paths: Mapping[int, str | os.PathLike[str]],
        grpc_port: int = 0,
        rest_port: int = 0,
        batching: BatchingSettings | None = None,
    ):
        model = ServedModel(name, paths, batching)
        self._grpc = grpc_server.make_server(model, _THREADS)
        try:
            port = self._grpc.add_insecure_port(f"{_HOST}:{grpc_port}")
        except RuntimeError as error:
            raise _taken(grpc_port) from error
        self.grpc_target = f"{_HOST}:{port}"
        try:
            app = rest_server.make_app(model)
            self._rest = wsgi.Server(app, _HOST, rest_port)
        except OSError as error:
            raise _taken(rest_port) from error
        self.rest_target = f"{_HOST}:{self._rest.effective_port}"
        self._thread = threading.Thread(target=self._rest.run)

    def __enter__(self) -> "ProtocolServer":
        self._grpc.start()
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._grpc.stop(grace=1.0).wait()
        self._rest.stop()
        self._thread.join()


def _taken(port: int) -> errors.DataError:
    return errors.DataError(
        f"The port {port} is taken: stop what listens there, or name another "
        "one."
    )
