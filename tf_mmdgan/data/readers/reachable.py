"""Finding out within seconds whether a host can be reached."""

import socket
import threading
import urllib.parse
import urllib.request

from tf_mmdgan import errors

_PORTS = {"http": 80, "https": 443}


def check(url: str, seconds: float = 5.0) -> None:
    """Connects to the host of a URL, or to the proxy that leads there.

    Without a network, downloaders would try again for minutes.

    Args:
      url: URL that is to be fetched, http or https.
      seconds: how long looking up the host and connecting may take together.

    Raises:
      DataError: where no connection is made; the message names the host.
    """
    parts = urllib.parse.urlsplit(url)
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy and not urllib.request.proxy_bypass(parts.hostname or ""):
        parts = urllib.parse.urlsplit(proxy)
    address = parts.hostname, parts.port or _PORTS.get(parts.scheme, 80)
    failure = [f"no answer in {seconds:g} seconds"]

    def connect() -> None:
        try:
            socket.create_connection(address, seconds).close()
            failure.clear()
        except OSError as error:
            failure[:] = [error.strerror or str(error)]

    # In a thread, because looking up a name has no time limit of its own.
    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(seconds)
    if failure:
        raise errors.DataError(
            f"No network: {address[0]} cannot be reached ({failure[0]}). "
            "Without --download only files at hand are used."
        )
