import itertools
import socket
import ssl
import threading
import time
import urllib.request

import file_servers
import pytest
import trustme
from limits import within

from tf_mmdgan import errors, fetching


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setattr(urllib.request, "getproxies", dict)


@pytest.fixture
def port():
    """Of a server on this machine that accepts connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_host_that_answers_is_fine(port):
    fetching.check(f"http://127.0.0.1:{port}/files/")


def test_closed_port_is_told_with_its_reason(port):
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    with pytest.raises(
        errors.DataError, match=r"127\.0\.0\.1 cannot .*refused"
    ):
        fetching.check(f"https://127.0.0.1:{closed}/")


def test_name_that_is_unknown_is_told(monkeypatch):
    def unknown(*args):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(errors.DataError, match=r"nowhere\.invalid.*not known"):
        fetching.check("https://nowhere.invalid/")


def test_silence_is_not_waited_for(monkeypatch):
    end = threading.Event()

    def silent(*args):
        end.wait(60)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    with pytest.raises(errors.DataError, match=r"no answer in 0\.1 seconds"):
        fetching.check("https://silent.invalid/", seconds=0.1)
    end.set()


@pytest.mark.parametrize("scheme", ["http://", ""])
def test_proxy_is_asked_where_there_is_one(monkeypatch, port, scheme):
    proxies = {"https": f"{scheme}127.0.0.1:{port}"}
    monkeypatch.setattr(urllib.request, "getproxies", lambda: proxies)
    fetching.check("https://nowhere.invalid/")
    with pytest.raises(errors.DataError, match=r"nowhere\.invalid"):
        fetching.check("http://nowhere.invalid/", seconds=5)


@pytest.mark.parametrize("proxy", ["http://", "http://u:pw@a:b", "http://["])
def test_proxies_that_are_none_are_told(monkeypatch, proxy):
    monkeypatch.setattr(urllib.request, "getproxies", lambda: {"https": proxy})
    with pytest.raises(errors.DataError, match=r"\(https_proxy\)") as caught:
        fetching.check("https://nowhere.invalid/")
    assert "pw" not in str(caught.value)


CONTENT = bytes(range(256)) * 2000


@pytest.fixture
def server():
    with file_servers.file_server() as found:
        yield found


@pytest.fixture
def secure(tmp_path, monkeypatch):
    """A server over TLS whose authority is one of the system's."""
    authority = trustme.CA()
    trusted = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(trusted)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with file_servers.file_server(context) as found:
        yield found


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "fetched"
    path.mkdir()
    return path


def check_refused(url, folder, words, **settings):
    with (
        pytest.raises(fetching.NotFetched, match=words) as caught,
        fetching.fetched(url, folder, "a.h5", **settings),
    ):
        pass
    assert "\n" not in str(caught.value)
    assert not list(folder.iterdir())


def test_a_file_is_there_for_its_block(server, folder):
    server.files["/a.h5"] = CONTENT
    with fetching.fetched(server.url("/a.h5"), folder, "a.h5") as path:
        assert path.parent == folder and path.name.endswith(".a.h5")
        assert path.name.startswith(".") and path.read_bytes() == CONTENT
        assert path.stat().st_mode & 0o777 == 0o644
    assert not list(folder.iterdir())


def test_a_file_that_is_renamed_stays(server, folder):
    server.files["/a.h5"] = CONTENT
    with fetching.fetched(server.url("/a.h5"), folder, "a.h5") as path:
        path.rename(folder / "a.h5")
    assert [path.name for path in folder.iterdir()] == ["a.h5"]


def test_nothing_is_left_where_the_caller_fails(server, folder):
    server.files["/a.h5"] = CONTENT
    with (
        pytest.raises(KeyboardInterrupt),
        fetching.fetched(server.url("/a.h5"), folder, "a.h5"),
    ):
        raise KeyboardInterrupt
    assert not list(folder.iterdir())


def test_what_a_killed_process_has_left_is_removed(server, folder):
    server.files["/a.h5"] = CONTENT
    others = [folder / ".lock", folder / "a.h5", folder / ".0123.a.h5"]
    for path in others:
        path.touch()
    with (
        pytest.raises(FileNotFoundError),
        fetching.fetched(server.url("/a.h5"), folder, "a.h5") as path,
    ):
        path.with_suffix(".unpacked").mkdir()
        (path.with_suffix(".unpacked") / "saved_model.pb").touch()
        link = folder / f"{path.name}.link"
        link.symlink_to(folder.parent)
        fetching.remove_left(folder)
        assert sorted(folder.iterdir()) == sorted(others)
        path.read_bytes()
    assert folder.exists()


def test_what_is_not_there_is_told(server, folder):
    url = server.url("/gone")
    check_refused(url, folder, rf"{url} cannot be fetched \(404 Not Found\)")


def test_a_file_that_is_cut_short(server, folder):
    server.files["/a.h5"] = CONTENT
    server.cut.add("/a.h5")
    words = r"a\.h5 was cut short \(256,000 bytes of 512,000\): try again"
    check_refused(server.url("/a.h5"), folder, words)


def test_files_that_are_too_large(server, folder):
    server.files["/a.h5"] = CONTENT
    words = "a.h5 has more than 511,999 bytes"
    check_refused(server.url("/a.h5"), folder, words, most_bytes=511_999)
    server.unending.add("/b.h5")
    words = "b.h5 has more than 100,000 bytes"
    check_refused(server.url("/b.h5"), folder, words, most_bytes=100_000)


def test_a_file_that_comes_too_slowly(server, folder, monkeypatch):
    monkeypatch.setattr(fetching, "_MOST_SECONDS", 0.05)
    server.unending.add("/b.h5")
    words = r"b.h5 takes more than 0\.05 seconds to come"
    check_refused(server.url("/b.h5"), folder, words, most_bytes=10**12)


def dripped(beginning, piece):
    """A beginning, and then a little of something before each time limit."""

    def pieces():
        yield beginning
        while True:
            time.sleep(0.02)
            yield piece

    return pieces


@pytest.mark.parametrize(
    "pieces",
    [
        dripped(b"HTTP/1.1 200 OK\r\nA: ", b"a"),
        lambda: itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    ],
    ids=["a header that does not end", "answers that promise others"],
)
def test_what_comes_before_a_file_has_an_end(
    server, folder, monkeypatch, pieces
):
    monkeypatch.setattr(fetching, "_HEAD_SECONDS", 0.2)
    server.raw["/a.h5"] = pieces
    words = r"a\.h5 takes more than 0\.2 seconds to come"
    check_refused(server.url("/a.h5"), folder, words)


@pytest.mark.parametrize(
    "head, piece",
    [(b"", b"a"), (b"Transfer-Encoding: chunked\r\n", b"0")],
    ids=["bytes", "the size of a part"],
)
def test_a_file_that_drips(server, folder, monkeypatch, head, piece):
    monkeypatch.setattr(fetching, "_MOST_SECONDS", 0.2)
    head = b"HTTP/1.1 200 OK\r\n" + head + b"\r\n"
    server.raw["/a.h5"] = dripped(head, piece)
    words = r"a\.h5 takes more than 0\.2 seconds to come"
    check_refused(server.url("/a.h5"), folder, words)


def test_a_size_of_any_number_of_digits_is_no_size(server, folder):
    server.raw["/a.h5"] = lambda: [
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nabc"
    ]
    with fetching.fetched(server.url("/a.h5"), folder, "a.h5") as path:
        assert path.read_bytes() == b"abc"


@pytest.mark.parametrize("size", [b"-1", b"-5", b"-" + b"f" * 20])
def test_sizes_of_parts_that_are_none(server, folder, size):
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    server.raw["/a.h5"] = lambda: [head + size + b"\r\nabc\r\n"]
    check_refused(server.url("/a.h5"), folder, r"a\.h5 cannot be fetched")


def test_what_comes_with_a_redirect_is_not_read(secure, folder):
    secure.files["/a.h5"] = CONTENT
    secure.redirects["/from"] = secure.url("/a.h5")
    secure.unending.add("/from")
    with (
        within(seconds=20, megabytes=20),
        fetching.fetched(secure.url("/from"), folder, "a.h5") as path,
    ):
        assert path.read_bytes() == CONTENT


@pytest.mark.parametrize(
    "place",
    ["https://[::1", "https://a:99999/", "https:///a", f"https://{'a' * 70}/"],
)
def test_redirects_to_no_address(secure, folder, place):
    secure.redirects["/from"] = place
    words = "cannot be (fetched|reached)"
    check_refused(secure.url("/from"), folder, words)


def test_a_server_that_does_not_answer(server, folder, monkeypatch):
    monkeypatch.setattr(fetching, "_SILENT_SECONDS", 0.1)
    server.silent.add("/a.h5")
    words = r"a\.h5 cannot be fetched \(no answer in 0\.1 seconds\)"
    check_refused(server.url("/a.h5"), folder, words)


def test_without_a_network_nothing_is_asked(server, folder, monkeypatch):
    def unknown(*args):
        raise socket.gaierror(-2, "Name or service not known")

    url = server.url("/a.h5")
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    check_refused(url, folder, r"No network: localhost cannot .*not known")
    assert not server.asked


def test_redirects_are_for_secure_addresses(server, secure, folder):
    server.files["/a.h5"] = secure.files["/a.h5"] = CONTENT
    server.redirects["/from"] = server.url("/a.h5")
    server.redirects["/up"] = secure.url("/a.h5")
    secure.redirects |= {
        "/down": server.url("/a.h5"), "/file": "file:///etc/passwd",
        "/from": secure.url("/a.h5"), "/round": secure.url("/round"),
    }  # fmt: skip
    with fetching.fetched(secure.url("/from"), folder, "a.h5") as path:
        assert path.read_bytes() == CONTENT
    for url in (server.url("/from"), server.url("/up"), secure.url("/down")):
        words = f"{url} leads to .*/a.h5: redirects .* https to https only"
        check_refused(url, folder, words)
    assert "/a.h5" not in server.asked
    check_refused(secure.url("/file"), folder, "cannot be fetched|leads to")
    check_refused(secure.url("/round"), folder, r"cannot be fetched \(302")


def test_another_authority_is_not_believed(secure, folder, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    secure.files["/a.h5"] = CONTENT
    words = r"cannot be fetched \(.*CERTIFICATE_VERIFY_FAILED"
    check_refused(secure.url("/a.h5"), folder, words)


def test_progress_is_for_a_terminal(server, folder, monkeypatch, capsys):
    server.files["/a.h5"] = CONTENT
    for watched in (False, True):
        monkeypatch.setattr(errors, "unwatched", lambda w=watched: not w)
        with fetching.fetched(server.url("/a.h5"), folder, "a.h5"):
            pass
        assert ("512k" in capsys.readouterr().err) == watched
