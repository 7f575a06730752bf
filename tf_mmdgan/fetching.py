"""Files from the network, for those who have asked for them.

What is fetched is complete or absent. Whatever is wrong with the network is
told within seconds, in one line.
"""

import contextlib
import functools
import http.client
import pathlib
import secrets
import shutil
import socket
import ssl
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from typing import IO, Any

import tqdm

from tf_mmdgan import deadlines, errors

_PORTS = {"http": 80, "https": 443}
# That finding a host, and waiting for its next bytes, may take.
_REACH_SECONDS = 4.0
_SILENT_SECONDS = 8.0
# Of what comes before a file, with all redirects, and of the file: a server may
# send little by little, or without end.
_HEAD_SECONDS = 30.0
_MOST_SECONDS = 3600.0
_MOST_BYTES = 2**29
_BYTES_AT_A_TIME = 2**18
_LENGTH_DIGITS = 18  # of a size; of thousands int() makes none
_CHANCE_BYTES = 8  # of a name


class NotFetched(errors.DataError):
    """A file that a server did not give, or not whole."""


def check(url: str, seconds: float = 5.0) -> None:
    """Connects to the host of a URL, or to the proxy that leads there.

    Without a network, downloaders would try again for minutes.

    Args:
      url: URL that is to be fetched, http or https.
      seconds: how long looking up the host and connecting may take together.

    Raises:
      NotFetched: where no connection is made; the message names the host.
    """
    address = _address(url)
    failure = [f"no answer in {seconds:g} seconds"]

    def connect() -> None:
        try:
            socket.create_connection(address, seconds).close()
            failure.clear()
        except (OSError, UnicodeError) as error:
            failure[:] = [getattr(error, "strerror", None) or str(error)]

    # In a thread, because looking up a name has no time limit of its own.
    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(seconds)
    if failure:
        raise NotFetched(
            f"No network: {address[0]} cannot be reached ({failure[0]})."
        )


def _address(url: str) -> tuple[str, int]:
    """Host and port of a URL, or of the proxy that leads there.

    Raises:
      NotFetched: for what is no address.
    """
    parts, kind = _parts(url), "address"
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy and not urllib.request.proxy_bypass(parts.hostname or ""):
        # As other programs have it, it may be host:port alone.
        proxy = proxy if "//" in proxy else f"//{proxy}"
        parts, kind = _parts(proxy), f"proxy ({parts.scheme}_proxy)"
    try:
        address = parts.hostname or "", parts.port
    except ValueError:
        address = "", None
    if not address[0]:
        raise NotFetched(
            f"{errors.excerpt(url)} cannot be fetched: its {kind} is none that "
            "can be reached, such as http://host:port."
        )
    return address[0], address[1] or _PORTS.get(parts.scheme, 80)


def _parts(url: str) -> urllib.parse.SplitResult:
    try:
        return urllib.parse.urlsplit(url)
    except ValueError:  # of brackets
        return urllib.parse.urlsplit("")


@contextlib.contextmanager
def fetched(
    url: str, folder: pathlib.Path, name: str, most_bytes: int = _MOST_BYTES
) -> Iterator[pathlib.Path]:
    """In a `with` block: a file from a URL, which is gone after the block.

    Whoever wants to keep the file looks at it, and renames it. Redirects are
    followed from https to https only. Progress is shown on a terminal.

    Args:
      url: of the file, http or https.
      folder: where it is put, under a hidden name of chance.
      name: how that name ends.
      most_bytes: of a larger file, no more is read.

    Yields:
      The path of the file.

    Raises:
      NotFetched: without a network, for an answer that is no file, for a file
        that is larger or cut short, and for servers that do not go on.
    """
    check(url, _REACH_SECONDS)
    path = folder / f".{secrets.token_hex(_CHANCE_BYTES)}.{name}"
    request = urllib.request.Request(url, headers={"User-Agent": "tf_mmdgan"})
    clock = _Clock(_HEAD_SECONDS)
    opener = urllib.request.build_opener(
        _SecureRedirects, _Http(clock), _Https(clock)
    )
    try:
        with errors.naming(path), open(path, "xb") as file:
            path.chmod(0o644)  # whatever the mask of this process
            with _told(url, clock):
                answer = opener.open(request, timeout=_SILENT_SECONDS)
            clock.start(_MOST_SECONDS)
            with contextlib.closing(answer):
                _copy(url, answer, file, most_bytes, clock)
        yield path
    finally:
        path.unlink(missing_ok=True)


def remove_left(folder: pathlib.Path) -> None:
    """Removes what `fetched` could not, for its process was killed.

    Args:
      folder: into which nobody fetches at this time; what has been made beside
        a file, of a name that begins as its name does, is removed too.
    """
    for path in folder.glob(f".{'[0-9a-f]' * 2 * _CHANCE_BYTES}.*"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


class _Clock:
    """How long a server may take, for all that is read from a moment on."""

    def __init__(self, seconds: float):
        self.start(seconds)

    def start(self, seconds: float) -> None:
        """Gives it so many seconds from now on."""
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """Whether they are over."""
        return time.monotonic() > self._end

    def left(self) -> float:
        """Seconds that the next bytes may take; a TimeoutError without any."""
        return min(_SILENT_SECONDS, deadlines.left_until(self._end))


@contextlib.contextmanager
def _told(url: str, clock: _Clock) -> Iterator[None]:
    """In a `with` block: what the network raises is an error with the URL."""
    try:
        yield
    except NotFetched:
        raise
    except urllib.error.HTTPError as error:
        error.close()
        reason = errors.excerpt(f"{error.code} {error.reason}")
        raise NotFetched(f"{url} cannot be fetched ({reason}).") from error
    except TimeoutError as error:
        if clock.is_over:
            raise NotFetched(
                f"{url} takes more than {clock.seconds:g} seconds to come."
            ) from error
        raise NotFetched(
            f"{url} cannot be fetched (no answer in {_SILENT_SECONDS:g} "
            "seconds)."
        ) from error
    except (
        OSError, http.client.HTTPException, ArithmeticError, ValueError,
    ) as error:  # fmt: skip
        reason = errors.excerpt(getattr(error, "reason", error))
        raise NotFetched(f"{url} cannot be fetched ({reason}).") from error


def _copy(
    url: str, answer: Any, file: IO[bytes], most_bytes: int, clock: _Clock
) -> None:
    """Writes what a server sends, as it comes.

    Raises:
      NotFetched: as `fetched`.
    """
    length = answer.headers.get("Content-Length", "")
    stated = length.isdecimal() and len(length) <= _LENGTH_DIGITS
    size = int(length) if stated else None
    _check_size(url, size or 0, most_bytes)
    count = 0
    with tqdm.tqdm(
        total=size,
        desc=urllib.parse.urlsplit(url).hostname,
        unit="B",
        unit_scale=True,
        disable=errors.unwatched(),
        dynamic_ncols=True,
    ) as bar:
        while part := _next_part(url, answer, clock):
            count += len(part)
            _check_size(url, count, most_bytes)
            file.write(part)
            bar.update(len(part))
    if size is not None and count != size:
        raise NotFetched(
            f"{url} was cut short ({count:,} bytes of {size:,}): try again."
        )


def _next_part(url: str, answer: Any, clock: _Clock) -> bytes:
    """The bytes that have come, of which `read` would wait for more."""
    with _told(url, clock):
        return answer.read1(_BYTES_AT_A_TIME)


def _check_size(url: str, count: int, most_bytes: int) -> None:
    if count > most_bytes:
        raise NotFetched(f"{url} has more than {most_bytes:,} bytes.")


class _SecureRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects from https to https, to hosts that answer."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int,
        msg: str, headers: http.client.HTTPMessage, newurl: str,
    ) -> urllib.request.Request | None:  # fmt: skip
        """See `urllib.request.HTTPRedirectHandler`."""
        schemes = {
            urllib.parse.urlsplit(url).scheme for url in (req.full_url, newurl)
        }
        if schemes != {"https"}:
            raise NotFetched(
                f"{req.full_url} leads to {errors.excerpt(newurl)}: redirects "
                "are followed from https to https only."
            )
        check(newurl, _REACH_SECONDS)
        # Else all that comes behind the headers would be read, without end.
        fp.close()
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _connected(
    kind: Callable[..., http.client.HTTPConnection],
    clock: _Clock,
    host: str,
    **options: Any,
) -> http.client.HTTPConnection:
    """A connection of a kind, whose answers are read by a clock."""
    made = kind(host, **options)
    made.response_class = functools.partial(  # type: ignore[assignment]
        deadlines.answer, clock.left
    )
    return made


class _Http(urllib.request.HTTPHandler):
    """Asks over HTTP, by a clock."""

    def __init__(self, clock: _Clock):
        super().__init__()
        self._connect = functools.partial(
            _connected, http.client.HTTPConnection, clock
        )

    def http_open(self, req: urllib.request.Request) -> Any:
        """See `urllib.request.HTTPHandler`."""
        return self.do_open(self._connect, req)


class _Https(urllib.request.HTTPSHandler):
    """Asks over HTTPS, by a clock."""

    def __init__(self, clock: _Clock):
        context = ssl.create_default_context()
        super().__init__(context=context)
        self._connect = functools.partial(
            _connected, http.client.HTTPSConnection, clock, context=context
        )

    def https_open(self, req: urllib.request.Request) -> Any:
        """See `urllib.request.HTTPSHandler`."""
        return self.do_open(self._connect, req)
