"""Both clients against servers that are slow, absent, closed or strange."""

import datetime
import socket
import ssl

import grpc
import pytest
import trustme
from scripted import Scripted, grpc_server, hanging_up, rest_server

from tf_mmdgan import errors, serving
from tf_mmdgan.serving import Connection

INTERFACES = ("grpc", "rest")
UNTRUSTED = r"cannot be trusted .*name the certificates to trust with --tls_ca"


DEFINITIONS = '{"metadata": {"signature_def": {"signature_def": {}}}}'


def ask_rest(port, **settings):
    connection = Connection(f"localhost:{port}", **settings)
    return serving.connect(connection, rest=True).signatures()


def ask_grpc(port, host="127.0.0.1", **settings):
    connection = Connection(f"{host}:{port}", **settings)
    return serving.connect(connection).predict("sample", {}, {})


@pytest.mark.parametrize("interface", INTERFACES)
def test_a_server_that_is_down(interface):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        target = f"127.0.0.1:{unused.getsockname()[1]}"
    connection = Connection(target, retries=1)
    asked = serving.connect(connection, rest=interface == "rest")
    with pytest.raises(errors.DataError, match=f"at {target} .tried 2 times"):
        serving.Sampler(asked)


@pytest.mark.parametrize("interface", INTERFACES)
def test_a_server_that_closes_mid_request(interface):
    with hanging_up() as (target, accepted):
        connection = Connection(target, retries=2)
        asked = serving.connect(connection, rest=interface == "rest")
        with pytest.raises(errors.DataError, match="tried 3 times"):
            asked.predict("sample", {}, {})
    assert len(accepted) >= 1


def test_grpc_tries_again_while_unavailable_and_only_then():
    unavailable = grpc.StatusCode.UNAVAILABLE
    service = Scripted([unavailable, unavailable])
    with grpc_server(service) as port:
        assert ask_grpc(port) == {}
    assert len(service.calls) == 3
    for code in (grpc.StatusCode.INTERNAL, grpc.StatusCode.RESOURCE_EXHAUSTED):
        service = Scripted([code])
        with (
            grpc_server(service) as port,
            pytest.raises(errors.DataError, match=f"{code.name}, as scr"),
        ):
            ask_grpc(port)
        assert len(service.calls) == 1


def test_rest_tries_again_while_unavailable_and_only_then():
    with rest_server([(503, "busy"), (503, ""), (200, DEFINITIONS)]) as (
        p,
        calls,
    ):
        assert ask_rest(p) == {}
        assert len(calls) == 3
    with rest_server([(500, '{"error": "broken"}')]) as (port, calls):
        with pytest.raises(errors.DataError, match="status 500, broken"):
            ask_rest(port)
        assert len(calls) == 1


def test_deadlines():
    with (
        grpc_server(Scripted(pause=2.0)) as port,
        pytest.raises(errors.DataError, match=r"within 0\.2 seconds"),
    ):
        ask_grpc(port, timeout=0.2)
    with (
        rest_server([(200, DEFINITIONS)], pause=1.0) as (port, _),
        pytest.raises(errors.DataError, match=r"within 0\.2 seconds"),
    ):
        ask_rest(port, timeout=0.2)


def test_answers_of_something_else():
    for body in ("<html>", "[]", '{"metadata": 3}'):
        with (
            rest_server([(200, body)]) as (port, _),
            pytest.raises(errors.DataError, match="is it the REST port"),
        ):
            ask_rest(port)
    with (
        rest_server([(302, "elsewhere")]) as (port, _),
        pytest.raises(errors.DataError, match="is it the REST port"),
    ):
        ask_rest(port)


def test_tokens_in_clear_when_asked_for():
    settings = {"token": "secret", "token_in_clear": True}
    service = Scripted()
    with grpc_server(service) as port:
        ask_grpc(port, **settings)
        ask_grpc(port)
    sent = [call.get("authorization") for call in service.calls]
    assert sent == ["Bearer secret", None]
    with rest_server([(200, DEFINITIONS)]) as (port, calls):
        ask_rest(port, **settings)
    assert calls[0]["Authorization"] == "Bearer secret"


def test_tokens_that_are_refused():
    service = Scripted([grpc.StatusCode.UNAUTHENTICATED] * 2)
    with grpc_server(service) as port:
        with pytest.raises(errors.UsageError, match=r"wants a token \(UNAUTH"):
            ask_grpc(port)
        with pytest.raises(errors.UsageError, match="refuses the token"):
            ask_grpc(port, token="old", token_in_clear=True)
    with (
        rest_server([(401, "")]) as (port, _),
        pytest.raises(errors.UsageError, match=r"wants a token \(401"),
    ):
        ask_rest(port)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    authority = trustme.CA()
    file = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(file)
    return authority, str(file), authority.issue_cert("localhost")


def test_grpc_over_tls(authority):
    _, ca, certificate = authority
    chain = b"".join(p.bytes() for p in certificate.cert_chain_pems)
    credentials = grpc.ssl_server_credentials(
        [(certificate.private_key_pem.bytes(), chain)]
    )
    service = Scripted()
    trusting = {"host": "localhost", "tls": True, "tls_ca": ca}
    with grpc_server(service, credentials) as port:
        ask_grpc(port, token="secret", **trusting)
        assert service.calls[0]["authorization"] == "Bearer secret"
        # The system does not know this authority.
        with pytest.raises(errors.DataError, match=UNTRUSTED):
            ask_grpc(port, host="localhost", tls=True, retries=0)
        with pytest.raises(errors.DataError, match="name it in --target as"):
            ask_grpc(port, **{**trusting, "host": "127.0.0.1"})
        with pytest.raises(errors.DataError, match="speaks TLS: give --tls"):
            ask_grpc(port, host="localhost")
        with pytest.raises(errors.DataError, match="speaks TLS: give --tls"):
            ask_rest(port)
    assert len(service.calls) == 1


def test_another_authority_than_that_of_the_file(authority, tmp_path):
    path = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(path)
    _, _, certificate = authority
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    words = r"cannot be trusted .* is not one of --tls_ca=.*other\.pem"
    for ask in (ask_grpc, ask_rest):
        with (
            rest_server([(200, DEFINITIONS)], context=context) as (port, _),
            pytest.raises(errors.DataError, match=words),
        ):
            settings = {"host": "localhost"} if ask is ask_grpc else {}
            ask(port, tls=True, tls_ca=str(path), **settings)


def _told_by_both(context, words, ca):
    for ask in (ask_grpc, ask_rest):
        with (
            rest_server([(200, DEFINITIONS)], context=context) as (port, _),
            pytest.raises(errors.DataError, match=words),
        ):
            settings = {"host": "localhost"} if ask is ask_grpc else {}
            ask(port, tls=True, tls_ca=ca, retries=0, **settings)


def test_a_certificate_out_of_date_is_not_one_of_another_authority(authority):
    issuer, ca, _ = authority
    long_ago = [datetime.datetime(year, 1, 1) for year in (2001, 2002)]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issuer.issue_cert(
        "localhost", not_before=long_ago[0], not_after=long_ago[1]
    ).configure_cert(context)
    _told_by_both(context, r"has expired\): renew its certificate", ca)


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_a_server_that_asks_clients_for_certificates(authority, version):
    issuer, ca, certificate = authority
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    issuer.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = ssl.TLSVersion[version]
    _told_by_both(context, r"certificates? of (its )?clients", ca)


def test_a_server_without_tls_is_told_as_one():
    with grpc_server(Scripted()) as port:
        with pytest.raises(errors.DataError, match="leave out --tls"):
            ask_grpc(port, tls=True)
        with pytest.raises(errors.DataError, match="leave out --tls"):
            ask_rest(port, tls=True)


def test_what_speaks_no_grpc_is_told_as_such(authority):
    _, ca, certificate = authority
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    words = r"answers, but not as gRPC does: give --rest"
    with (
        rest_server([(200, DEFINITIONS)] * 3) as (port, _),
        pytest.raises(errors.DataError, match=words),
    ):
        ask_grpc(port, host="localhost")
    with (
        rest_server([(200, DEFINITIONS)] * 3, context=context) as (port, _),
        pytest.raises(errors.DataError, match=words),
    ):
        ask_grpc(port, host="localhost", tls=True, tls_ca=ca)
    # One that is only unavailable is told as that.
    unavailable = grpc.StatusCode.UNAVAILABLE
    with (
        grpc_server(Scripted([unavailable] * 2)) as port,
        pytest.raises(errors.DataError, match="tried 2 times"),
    ):
        ask_grpc(port, retries=1)


def test_rest_over_tls(authority):
    _, ca, certificate = authority
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    with rest_server([(200, DEFINITIONS)], context=context) as (port, calls):
        ask_rest(port, tls=True, tls_ca=ca, token="secret")
        assert calls[0]["Authorization"] == "Bearer secret"
        with pytest.raises(errors.DataError, match=UNTRUSTED):
            ask_rest(port, tls=True, token="secret")
        assert len(calls) == 1
