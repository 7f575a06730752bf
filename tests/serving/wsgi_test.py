"""A server of the page that slow clients, or many, do not lock up."""

import contextlib
import socket
import threading
import time

import pytest
import requests

from tf_mmdgan.serving import wsgi


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"answered"]


@pytest.fixture(scope="module")
def server():
    server = wsgi.Server(application, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server
    server.stop()
    thread.join(5)
    assert not thread.is_alive()


@pytest.fixture
def address(server):
    return "127.0.0.1", server.effective_port


def answered(address):
    host, port = address
    return requests.get(f"http://{host}:{port}/", timeout=5).text == "answered"


@contextlib.contextmanager
def connections(address, count, content=b""):
    with contextlib.ExitStack() as stack:
        made = []
        for _ in range(count):
            connection = socket.create_connection(address, 5)
            made.append(stack.enter_context(connection))
            connection.sendall(content)
        yield made


@pytest.mark.parametrize("content", [b"", b"GET / HT", b"POST / HTTP/1.1\r\n"])
def test_idle_connections_do_not_lock_others_out(address, content):
    with connections(address, 150, content):
        for _ in range(3):
            assert answered(address)


def test_readers_who_do_not_read_do_not_either(address):
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with connections(address, 150, request * 20):
        assert answered(address)


def long_answer(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"long" * 2**20] if environ["PATH_INFO"] == "/long" else [b"short"]


def test_long_answers_that_nobody_reads_do_not_either(monkeypatch):
    """Waitress leaves a connection only when it can be written to."""
    server = wsgi.Server(long_answer, "127.0.0.1", 0)
    monkeypatch.setattr(server.adj, "channel_timeout", 1)
    thread = threading.Thread(target=server.run)
    thread.start()
    address = "127.0.0.1", server.effective_port
    request = b"GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with connections(address, 150, request):
        end = time.monotonic() + 8
        while len(server.active_channels) > 1 and time.monotonic() < end:
            time.sleep(0.1)
        assert len(server.active_channels) <= 1
        host, port = address
        found = requests.get(f"http://{host}:{port}/", timeout=5).text
    server.stop()
    thread.join(5)
    assert found == "short"


def closed_within(connection, seconds):
    """Whether the other side hangs up on somebody who sends drop by drop."""
    end = time.monotonic() + seconds
    connection.settimeout(0.1)
    while time.monotonic() < end:
        with contextlib.suppress(TimeoutError):
            try:
                connection.sendall(b"a")
                if not connection.recv(1):
                    return True
            except ConnectionError:
                return True
    return False


@pytest.mark.parametrize(
    "start",
    [
        b"GET / HTTP/1.1\r\nA: ",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n",
    ],
)
def test_requests_must_be_whole_in_time(server, address, monkeypatch, start):
    assert server.adj.channel_timeout == 10
    monkeypatch.setattr(server.adj, "channel_timeout", 1)
    with connections(address, 1, start) as (connection,):
        assert closed_within(connection, 5)


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: " + b"x" * 20_000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 9x\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 4400 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"10000\r\n" * 1 + b"x" * 65536 + b"\r\n"
        + (b"10000\r\n" + b"x" * 65536 + b"\r\n") * 17,
    ],
    ids=range(6),
)  # fmt: skip
def test_what_is_too_large_is_refused_in_json(address, request_):
    with connections(address, 1) as (connection,):
        with contextlib.suppress(ConnectionError):
            connection.sendall(request_)
        connection.settimeout(5)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while piece := connection.recv(65536):
                answer += piece
    assert answer.startswith(b"HTTP/1.") and b" 400 Bad Request" in answer
    assert b"application/json" in answer and b'{"error": "' in answer
