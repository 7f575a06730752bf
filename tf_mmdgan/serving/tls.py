"""Encrypted connections: which certificates are trusted, and what is wrong.

And what else keeps a server that answers from being understood.
"""

import contextlib
import functools
import os
import pathlib
import ssl
import time
from collections.abc import Callable

from tf_mmdgan import deadlines, errors
from tf_mmdgan.serving.http_connection import reached

_SECONDS = 2.0  # at most, of a look at a server that does not answer
_ALERT_SECONDS = 0.5  # that a server may take to refuse a client it knows
# What servers that speak something else make of a greeting.
_NO_TLS = (
    "WRONG_VERSION_NUMBER", "WRONG_SSL_VERSION", "HTTP_REQUEST",
    "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE",
    "UNEXPECTED_EOF_WHILE_READING",
)  # fmt: skip
_OUT_OF_DATE = (9, 10)  # of a certificate: not yet valid, or expired
# What gRPC begins with (RFC 9113, section 3.4), and the type of the frame that
# its server begins with.
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"
_FRAME_BYTES, _SETTINGS = 9, 4
_OF_NOBODY = (2, 18, 19, 20, 21)  # signed by nobody who is trusted


def trusting(file: str | None) -> ssl.SSLContext:
    """A context that trusts certificates of a file, or those of the system.

    Args:
      file: certificates as PEM; None for the system's.

    Raises:
      UsageError: for a file without certificates.
    """
    try:
        return ssl.create_default_context(cafile=file)
    except OSError as error:
        raise errors.UsageError(
            f"--tls_ca={file} holds no certificates as PEM "
            f"({errors.excerpt(error.strerror or error)})."
        ) from error


def roots(file: str | None) -> bytes | None:
    """What `trusting` trusts, as PEM; None if the system has no file of it."""
    known = ssl.get_default_verify_paths()
    path = file or known.cafile
    if path:
        return pathlib.Path(path).read_bytes()
    # In a folder, files are named by hashes of what they hold.
    folder = pathlib.Path(known.capath or os.devnull)
    hashed = sorted(folder.glob("*.[0-9]"))
    return b"\n".join(path.read_bytes() for path in hashed) or None


def fault(
    target: str,
    encrypted: bool,
    file: str | None,
    seconds: float,
    grpc: bool = False,
) -> str | None:
    """What keeps a client and a server from speaking, if both are there.

    Args:
      target: host:port, which has not answered.
      encrypted: whether the client speaks TLS.
      file: as of `trusting`.
      seconds: that are left.
      grpc: whether the client speaks gRPC.

    Returns:
      What is wrong and what mends it; None where neither TLS nor gRPC is to
      blame, or nobody listens.
    """
    context = trusting(file)
    if not encrypted:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif grpc:
        context.set_alpn_protocols(["h2"])
    host, _, port = target.rpartition(":")
    host, limit = host.strip("[]"), min(_SECONDS, max(seconds, 0.01))
    end = time.monotonic() + limit
    left = functools.partial(deadlines.left_until, end)
    try:
        with reached(host, int(port), left) as raw:
            raw.settimeout(left())
            with context.wrap_socket(raw, server_hostname=host) as opened:
                if not encrypted:
                    return f"{target} speaks TLS: give --tls."
                opened.settimeout(min(left(), _ALERT_SECONDS))
                with contextlib.suppress(TimeoutError):
                    opened.recv(1)  # A server that wants more says so only now.
                strange = grpc and opened.selected_alpn_protocol() is None
                return _no_grpc(target) if strange else None
    except ssl.SSLError as error:
        if encrypted:
            return refusal(target, error, file)
        place = host, int(port)
        return _no_grpc(target) if grpc and _is_strange(place, left) else None
    except (OSError, ValueError):
        return None


def refusal(target: str, error: ssl.SSLError, file: str | None) -> str:
    """Why a connection was not encrypted, and what mends it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = errors.excerpt(error.verify_message)
        remedy = _remedy(error, file)
        return f"{target} cannot be trusted ({reason}): {remedy}."
    reason = errors.excerpt(error.reason or error)
    if error.reason is None or error.reason in _NO_TLS:
        return (
            f"{target} speaks no TLS ({reason}): leave out --tls, or name the "
            "port that does."
        )
    if "NO_APPLICATION_PROTOCOL" in reason:  # asked for by gRPC alone
        return _no_grpc(target)
    if "CERTIFICATE_REQUIRED" in reason:
        return (
            f"{target} wants a certificate of its clients ({reason}), and this "
            "one has none: name an address without, such as a proxy's."
        )
    return (
        f"{target} speaks TLS in another way than this client ({reason}): let "
        "the server take TLS 1.2 or 1.3, and no certificates of clients."
    )


def _no_grpc(target: str) -> str:
    return (
        f"{target} answers, but not as gRPC does: give --rest, or name the "
        "port of gRPC."
    )


def _is_strange(place: tuple[str, int], left: Callable[[], float]) -> bool:
    """Whether a server answers the greeting of gRPC with something else."""
    try:
        with reached(*place, left) as raw:
            raw.settimeout(left())
            raw.sendall(_PREFACE)
            found = raw.recv(_FRAME_BYTES)
    except OSError:
        return False
    return len(found) > 3 and found[3] != _SETTINGS


def _remedy(error: ssl.SSLCertVerificationError, file: str | None) -> str:
    """What mends a certificate that is not believed."""
    if "mismatch" in error.verify_message:
        return "name it in --target as its certificate does"
    if error.verify_code in _OUT_OF_DATE:
        return "renew its certificate, or set the clock"
    if error.verify_code not in _OF_NOBODY:
        return "give the server another certificate"
    if file is None:
        return "name the certificates to trust with --tls_ca"
    return f"its certificate is not one of --tls_ca={file}"
