import socket
import threading
import urllib.request

import pytest

from tf_mmdgan import errors
from tf_mmdgan.data.readers import reachable


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setattr(urllib.request, "getproxies", dict)


@pytest.fixture
def port():
    """Of a server on this machine that accepts connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_host_that_answers_is_fine(port):
    reachable.check(f"http://127.0.0.1:{port}/files/")


def test_closed_port_is_told_with_its_reason(port):
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    with pytest.raises(
        errors.DataError, match=r"127\.0\.0\.1 cannot .*refused"
    ):
        reachable.check(f"https://127.0.0.1:{closed}/")


def test_name_that_is_unknown_is_told(monkeypatch):
    def unknown(*args):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(errors.DataError, match=r"nowhere\.invalid.*not known"):
        reachable.check("https://nowhere.invalid/")


def test_silence_is_not_waited_for(monkeypatch):
    end = threading.Event()

    def silent(*args):
        end.wait(60)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    with pytest.raises(errors.DataError, match=r"no answer in 0\.1 seconds"):
        reachable.check("https://silent.invalid/", seconds=0.1)
    end.set()


def test_proxy_is_asked_where_there_is_one(monkeypatch, port):
    proxies = {"https": f"http://127.0.0.1:{port}"}
    monkeypatch.setattr(urllib.request, "getproxies", lambda: proxies)
    reachable.check("https://nowhere.invalid/")
    with pytest.raises(errors.DataError, match=r"nowhere\.invalid"):
        reachable.check("http://nowhere.invalid/", seconds=5)
