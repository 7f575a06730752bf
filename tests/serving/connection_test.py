"""Deadlines, retries and tokens."""

import socket
import ssl
import sys
import time

import pytest

from tf_mmdgan import errors, serving
from tf_mmdgan.serving import connection, http_connection, tls
from tf_mmdgan.serving.connection import Connection, Unavailable


def failing(times, answer="answer"):
    calls = []

    def attempt(seconds):
        calls.append(seconds)
        if len(calls) <= times:
            raise Unavailable("not yet")
        return answer

    return attempt, calls


def test_it_goes_on_until_there_is_an_answer():
    attempt, calls = failing(3)
    pauses = []
    to = Connection("host:1", timeout=100.0, retries=3)
    assert connection.persist(to, attempt, pauses.append) == "answer"
    assert len(calls) == 4
    # Each of the three lies between half of its limit and its limit.
    for pause, longest in zip(pauses, (0.1, 0.2, 0.4), strict=True):
        assert longest / 2 <= pause <= longest
    # What is left of the timeout, which no try prolongs.
    assert calls[0] <= 100.0 and sorted(calls, reverse=True) == calls


def test_it_gives_up_after_the_last_retry():
    attempt, calls = failing(9)
    to = Connection("host:1", retries=2)
    with pytest.raises(errors.DataError, match=r"host:1 \(tried 3 times: not"):
        connection.persist(to, attempt, lambda pause: None)
    assert len(calls) == 3


def test_it_does_not_pause_beyond_the_deadline():
    attempt, calls = failing(9)
    began = time.monotonic()
    to = Connection("host:1", timeout=0.3, retries=100)
    with pytest.raises(errors.DataError, match="host:1"):
        connection.persist(to, attempt)
    assert time.monotonic() - began < 0.4 and 2 <= len(calls) <= 4


def test_other_failures_are_not_tried_again():
    calls = []

    def attempt(seconds):
        calls.append(seconds)
        raise errors.UsageError("no")

    with pytest.raises(errors.UsageError, match="no"):
        connection.persist(Connection("host:1"), attempt)
    assert len(calls) == 1


def test_a_token_never_travels_in_clear_unasked():
    with pytest.raises(errors.UsageError, match="A token needs TLS"):
        Connection("host:1", token="secret")
    bearer = {"authorization": "Bearer secret"}
    for allowed in ({"tls": True}, {"token_in_clear": True}):
        to = Connection("host:1", token="secret", **allowed)
        assert to.authorization == bearer
        assert "secret" not in repr(to)
    assert Connection("host:1").authorization == {}


def test_without_the_package_the_extra_is_named(monkeypatch):
    module = "tf_mmdgan.serving.grpc_client"
    monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "grpc", None)
    with pytest.raises(errors.UsageError) as caught:
        serving.connect(Connection("host:1"))
    assert str(caught.value) == (
        "Requests to a server need the package grpc: pip install "
        "'tf_mmdgan[serving]'."
    )
    # REST needs no package.
    serving.connect(Connection("host:1"), rest=True)


@pytest.mark.parametrize("content", ["", "no PEM", "-----BEGIN CERTIFICATE-"])
def test_files_without_certificates_are_told_before_connecting(
    tmp_path, content
):
    path = tmp_path / "ca.pem"
    path.write_text(content)
    with pytest.raises(errors.UsageError, match=r"--tls_ca=.*ca\.pem holds no"):
        Connection("host:1", tls=True, tls_ca=str(path))


@pytest.mark.parametrize("target", ["host", "host:", "host:0", "host:99999"])
def test_targets_without_a_port_are_told_at_once(target):
    with pytest.raises(errors.UsageError, match="the port 1 to 65535"):
        Connection(target)


def test_certificates_that_are_not_there():
    with pytest.raises(errors.UsageError, match=r"no file /nowhere\.pem"):
        Connection("host:1", tls=True, tls_ca="/nowhere.pem")


def test_a_look_at_a_server_of_many_addresses_ends(monkeypatch):
    asked = []

    class Silent(socket.socket):
        def connect(self, address):
            asked.append(address)
            time.sleep(self.gettimeout())
            raise TimeoutError

    place = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("192.0.2.1", 9))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [place] * 99)
    monkeypatch.setattr(socket, "socket", Silent)
    assert tls.fault("many.example:9", False, None, 0.1) is None
    assert len(asked) == 1


def test_a_server_that_takes_requests_slowly_is_late():
    """TLS waits as long as it may for each piece that it sends."""
    ours, theirs = socket.socketpair()

    class Slow:
        sent = 0
        fileno = staticmethod(ours.fileno)
        close = staticmethod(ours.close)

        def settimeout(self, seconds):
            self.seconds = seconds

        def sendall(self, data):
            self.sent += len(data)
            time.sleep(min(0.1, self.seconds))

    with theirs:
        opened = http_connection.HttpConnection("localhost:1")
        opened.sock = slow = Slow()
        with pytest.raises(TimeoutError):
            opened.exchange("POST", "/", ["x" * 2**20], {}, 0.35, 1)
    assert 0 < slow.sent < 2**17


def test_certificates_of_the_system_may_be_a_folder(tmp_path, monkeypatch):
    for name, text in (("b.0", "two"), ("a.0", "one"), ("a.pem", "again")):
        (tmp_path / name).write_text(text)
    paths = ssl.get_default_verify_paths()
    monkeypatch.setattr(
        ssl,
        "get_default_verify_paths",
        lambda: paths._replace(cafile=None, capath=str(tmp_path)),
    )
    assert tls.roots(None) == b"one\ntwo"
    assert tls.roots(str(tmp_path / "a.pem")) == b"again"
    (tmp_path / "b.0").unlink()
    (tmp_path / "a.0").unlink()
    assert tls.roots(None) is None


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"target": 8500}, "target: need a str"),
        ({"model_name": None}, "model_name: need a str"),
        ({"retries": -1}, "retries=-1"),
        ({"timeout": float("nan")}, "timeout=nan"),
        ({"timeout": 1e300}, "need 1e\\+06 seconds at most"),
        ({"model_version": 2**70}, "model_version=.* 64 bits"),
        ({"token": "a\nb", "tls": True}, "token: need one line"),
    ],
)
def test_values_that_no_connection_has(settings, words):
    with pytest.raises(errors.UsageError, match=words):
        Connection(**{"target": "host:1", **settings})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"target": "http://localhost:80"}, "need host:port"),
        ({"target": "host:1", "model_name": ""}, "model_name is empty"),
    ],
)
def test_addresses_of_pages_and_no_names_are_refused(settings, message):
    with pytest.raises(errors.UsageError, match=message):
        Connection(**settings)
