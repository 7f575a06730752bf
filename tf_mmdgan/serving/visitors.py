"""Who may ask a server on this machine, when a browser stands between.

A page of anybody's, open in the same browser, can send requests to addresses
of this machine. It cannot read the answers of another origin, unless a name of
its own is made to lead here (DNS rebinding): then the name is in the header
Host. It can cost this machine work, unless its requests are told apart: by the
headers Sec-Fetch-Site and Origin, which pages cannot forge.
"""

from collections.abc import Collection
from typing import Any

_LOCAL = ("localhost", "127.0.0.1", "::1")


def allowed_hosts(names: Collection[str] = ()) -> frozenset[str]:
    """The names of this machine, and `names`, as the header Host has them."""
    return frozenset(
        f"[{name}]" if ":" in name and not name.startswith("[") else name
        for name in (*_LOCAL, *(name.lower() for name in names))
    )


def fault(request: Any, hosts: Collection[str]) -> str | None:
    """Why a request is to be refused; None where it is not.

    Args:
      request: of Flask.
      hosts: as `allowed_hosts` gives them.
    """
    host = request.headers.get("Host", "").lower()
    name, colon, port = host.rpartition(":")
    if not colon or not port.isdecimal():
        name = host
    if name not in hosts:
        return (
            f"The host '{name}' is none of {', '.join(sorted(hosts))}: name it "
            "by --allowed_host, if it is this machine."
        )
    origin = request.headers.get("Origin")
    if origin is not None and origin.lower().partition("://")[2] != host:
        return f"Pages of {origin} may not ask this server."
    site = request.headers.get("Sec-Fetch-Site", "none")
    if site not in ("same-origin", "none") and not _follows_link(request):
        return "Pages of other sites may not ask this server."
    return None


def _follows_link(request: Any) -> bool:
    """Whether somebody opens the page, which does nothing yet, by a link."""
    return (
        request.path == "/"
        and request.method == "GET"
        and request.headers.get("Sec-Fetch-Mode") == "navigate"
        and request.headers.get("Sec-Fetch-Dest") == "document"
    )
