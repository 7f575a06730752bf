"""Encrypted connections: which certificates are trusted, and what is wrong."""

import functools
import ssl
import time

from tf_mmdgan import errors
from tf_mmdgan.serving.http_connection import left_until, reached

_SECONDS = 2.0  # at most, of a look at a server that does not answer


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
    path = file or ssl.get_default_verify_paths().cafile
    if not path:
        return None
    with open(path, "rb") as opened:
        return opened.read()


def fault(
    target: str, encrypted: bool, file: str | None, seconds: float
) -> str | None:
    """What keeps a client and a server from speaking, if TLS does.

    Args:
      target: host:port, which has not answered.
      encrypted: whether the client speaks TLS.
      file: as of `trusting`.
      seconds: that are left.

    Returns:
      What is wrong and what mends it; None where TLS is not to blame, or
      nobody listens.
    """
    context = trusting(file)
    if not encrypted:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    host, _, port = target.rpartition(":")
    host, limit = host.strip("[]"), min(_SECONDS, max(seconds, 0.01))
    left = functools.partial(left_until, time.monotonic() + limit)
    try:
        with reached(host, int(port), left) as raw:
            raw.settimeout(left())
            with context.wrap_socket(raw, server_hostname=host):
                return (
                    None if encrypted else f"{target} speaks TLS: give --tls."
                )
    except ssl.SSLError as error:
        return refusal(target, error, file) if encrypted else None
    except (OSError, ValueError):
        return None


def refusal(target: str, error: ssl.SSLError, file: str | None) -> str:
    """Why a connection was not encrypted, and what mends it."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        reason = errors.excerpt(error.reason or error)
        return (
            f"{target} speaks no TLS ({reason}): leave out --tls, or name the "
            "port that does."
        )
    reason = errors.excerpt(error.verify_message)
    if "mismatch" in reason:
        remedy = "name it in --target as its certificate does"
    elif file is None:
        remedy = "name the certificates to trust with --tls_ca"
    else:
        remedy = f"its certificate is not one of --tls_ca={file}"
    return f"{target} cannot be trusted ({reason}): {remedy}."
