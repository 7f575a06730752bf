"""Servers that do what a script says, and no more."""

import concurrent.futures
import contextlib
import socket
import threading
import time

import flask
import grpc
import werkzeug.serving
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc


@contextlib.contextmanager
def hanging_up():
    """Accepts connections, reads a little, and closes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepted = []

        def run():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    accepted.append(connection.recv(10))
                    connection.close()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}", accepted


class Scripted(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Answers with the codes of a script, then with an empty result."""

    def __init__(self, codes=(), pause=0.0):
        self.codes, self.pause = list(codes), pause
        self.calls = []

    def Predict(self, request, context):
        self.calls.append(dict(context.invocation_metadata()))
        time.sleep(self.pause)
        if self.codes:
            context.abort(self.codes.pop(0), "as scripted")
        return predict_pb2.PredictResponse()


@contextlib.contextmanager
def grpc_server(service, credentials=None):
    running = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        service, running
    )
    if credentials is None:
        port = running.add_insecure_port("127.0.0.1:0")
    else:
        port = running.add_secure_port("localhost:0", credentials)
    running.start()
    try:
        yield port
    finally:
        running.stop(0)


@contextlib.contextmanager
def rest_server(answers, pause=0.0, context=None):
    """Answers with the (status, body) of a script, the last one for ever."""
    app = flask.Flask(__name__)
    calls = []

    @app.route("/<path:path>", methods=["GET", "POST"])
    def answer(path):
        calls.append(dict(flask.request.headers))
        time.sleep(pause)
        status, body = answers.pop(0) if len(answers) > 1 else answers[0]
        return flask.Response(body, status)

    running = werkzeug.serving.make_server(
        "localhost", 0, app, threaded=True, ssl_context=context
    )
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    try:
        yield running.port, calls
    finally:
        running.shutdown()
        thread.join()
        running.server_close()
