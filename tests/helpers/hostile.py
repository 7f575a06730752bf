"""Servers that mean no good: raw bytes over HTTP, anything over gRPC."""

import concurrent.futures
import contextlib
import json
import re
import socket
import threading

import grpc
import pytest
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.protobuf import meta_graph_pb2
from tensorflow_serving.apis import get_model_metadata_pb2

from tf_mmdgan import errors, serving
from tf_mmdgan.serving import Connection

SHAPE = (2, 2, 1)
_INPUTS = {
    "num_samples": tf.int32, "seed": tf.int64, "start": tf.int64,
    "truncation": tf.float32,
}  # fmt: skip
_SERVICE = "/tensorflow.serving.PredictionService/"


def definition(shape=(-1, *SHAPE), dtype=tf.uint8):
    """The `SignatureDef` of sample_range, with images of such a shape."""
    made = meta_graph_pb2.SignatureDef()
    for name, kind in _INPUTS.items():
        made.inputs[name].dtype = kind.as_datatype_enum
    made.outputs["images"].dtype = dtype.as_datatype_enum
    for size in shape:
        made.outputs["images"].tensor_shape.dim.add(size=size)
    return made


def rest_metadata(*args):
    """What the REST interface says of a model with that signature alone."""
    content = json_format.MessageToDict(
        definition(*args), preserving_proto_field_name=True
    )
    definitions = {"signature_def": {"sample_range": content}}
    return json.dumps({"metadata": {"signature_def": definitions}})


def grpc_metadata(*args):
    """The same over gRPC, as bytes."""
    definitions = get_model_metadata_pb2.SignatureDefMap()
    definitions.signature_def["sample_range"].CopyFrom(definition(*args))
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    response.metadata["signature_def"].Pack(definitions)
    return response.SerializeToString()


@contextlib.contextmanager
def raw_server(*answers):
    """Sends what each of `answers` yields to one connection after the other.

    An answer is a function that is called when a request has come, and yields
    bytes; the last answer goes to all later connections. Between pieces it may
    sleep. Yields host:port.
    """
    waiting = list(answers)

    def answer(connection):
        make = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        with connection, contextlib.suppress(OSError):
            _read_request(connection)
            for piece in make():
                connection.sendall(piece)

    def run():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(
                    target=answer, args=(connection,), daemon=True
                ).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=run, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        # Else accept() would go on waiting.
        listener.shutdown(socket.SHUT_RDWR)


def _read_request(connection):
    """Up to the end of the body; closing before that would be a reset."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        received += piece
        if not piece or received[:1] == b"\x16":  # the greeting of TLS
            return
    head, body = received.split(b"\r\n\r\n", 1)
    found = re.search(rb"Content-Length: (\d+)", head)
    left = int(found[1]) - len(body) if found else 0
    while left > 0:
        left -= len(connection.recv(65536))


def http(body, status="200 OK", *headers):
    """An answer that closes its connection."""
    body = body if isinstance(body, bytes) else body.encode()
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *headers,
    ]
    return lambda: ["\r\n".join([*lines, "", ""]).encode() + body]


@contextlib.contextmanager
def grpc_server(predicted, metadata=None, compression=None):
    """Answers Predict by the bytes `predicted`, whatever is asked."""
    answers = {
        f"{_SERVICE}Predict": predicted,
        f"{_SERVICE}GetModelMetadata": metadata or grpc_metadata(),
    }

    class Handler(grpc.GenericRpcHandler):
        def service(self, call):
            answer = answers[call.method]
            return grpc.unary_unary_rpc_method_handler(
                lambda request, context: answer
            )

    running = grpc.server(
        concurrent.futures.ThreadPoolExecutor(2),
        handlers=[Handler()],
        compression=compression,
        options=[("grpc.max_send_message_length", -1)],
    )
    port = running.add_insecure_port("127.0.0.1:0")
    running.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        running.stop(0)


def sampler(target, rest, **settings):
    """What draws from a server at `target`."""
    connection = Connection(target, retries=0, **settings)
    return serving.Sampler(serving.connect(connection, rest))


def refusal(ask, kind=errors.DataError):
    """The message of the error, which is one printable and short line."""
    with pytest.raises(kind) as caught:
        ask()
    message = str(caught.value)
    assert message.isprintable() and len(message) < 500
    return message
