import asyncio
import base64
import datetime
import ssl
from typing import Any

import pytest
import trustme

from relay.upstream.connection import Connection
from relay.upstream.handshake import Extensions
from relay.upstream.port import Capabilities, Unreachable
from relay.upstream.smtp_server import Security, SmtpServer
from tests.smtp_upstream import DROP, RESET, SILENCE, ScriptedUpstream

EXPIRED = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)  # noqa: UP017 - trustme compares it


def connect(server: ScriptedUpstream, **options: Any) -> Capabilities:
    """Connect once, and leave. Raises what Connection.open raises."""

    async def scene() -> Capabilities:
        async with server:
            connection = await Connection.open(SmtpServer(host="127.0.0.1", port=server.port, **options))
            connection.quit()
            return connection.capabilities

    return asyncio.run(scene())


def refusal(server: ScriptedUpstream, **options: Any) -> str:
    with pytest.raises(Unreachable) as unreachable:
        connect(server, **options)
    assert unreachable.value.reply.code == 451
    return str(unreachable.value)


def test_extensions_are_read_whatever_their_case() -> None:
    extensions = Extensions.parsed("host says hello\nsize 1000\n8BitMime\nAUTH=LOGIN\nAUTH PLAIN LOGIN\n")
    assert "8BITMIME" in extensions
    assert "HOST" not in extensions
    assert extensions.offered["SIZE"] == "1000"
    assert extensions.offered["AUTH"] == "LOGIN"


@pytest.mark.parametrize(
    ("line", "size"),
    [("SIZE", 0), ("SIZE 0", 0), ("SIZE 99", 99), ("SIZE big", 0), ("SIZE \u0661", 0), ("X", None)],
)
def test_size_of_all_kinds(line: str, size: int | None) -> None:
    capabilities = Extensions.parsed(f"host\n{line}").capabilities(SmtpServer(host="x", port=25))
    assert capabilities.size == size


def test_groups_and_chunks_are_used_only_where_they_are_wanted() -> None:
    extensions = Extensions.parsed("host\nPIPELINING\nCHUNKING")
    wanted = extensions.capabilities(SmtpServer(host="x", port=25))
    assert (wanted.pipelining, wanted.chunking) == (True, True)
    unwanted = extensions.capabilities(SmtpServer(host="x", port=25, pipelining=False, chunking=False))
    assert (unwanted.pipelining, unwanted.chunking) == (False, False)


@pytest.mark.parametrize(
    ("phase", "answer"),
    [
        ("connect", "554 5.7.1 go away"),
        ("connect", "421 4.3.2 busy"),
        ("connect", DROP),
        ("connect", RESET),
        ("connect", "hello"),
        ("EHLO", "421 4.3.2 busy"),
        ("EHLO", "451 4.3.0 later"),
        ("EHLO", "554 5.7.1 go away"),
        ("EHLO", DROP),
        ("HELO", "550 5.7.1 no"),
    ],
)
def test_a_server_that_does_not_want_us_is_unreachable(phase: str, answer: Any) -> None:
    server = ScriptedUpstream()
    if phase == "HELO":
        server.answer("EHLO", "502 5.5.1 what?")
    server.answer(phase, answer)
    assert refusal(server)


@pytest.mark.parametrize("phase", ["connect", "EHLO", "AUTH"])
def test_silence_is_bounded(phase: str) -> None:
    server = ScriptedUpstream(extensions=("AUTH PLAIN",))
    server.answer(phase, SILENCE)
    assert refusal(server, username="me", password="p", connect_timeout=0.05) == "no connection within 0.05 s"


def test_a_login_where_only_login_is_known() -> None:
    server = ScriptedUpstream(extensions=("AUTH LOGIN",))
    server.answer("AUTH", "334 VXNlcm5hbWU6")
    name, password = (base64.b64encode(text).decode() for text in (b"me", "pässword".encode()))
    server.answer(name.upper(), "334 UGFzc3dvcmQ6")
    server.answer(password.upper(), "235 2.7.0 welcome")
    connect(server, username="me", password="pässword")
    assert server.commands[1:4] == ["AUTH LOGIN", name, password]


@pytest.mark.parametrize("at", ["name", "password"])
def test_a_login_that_is_refused_says_who_and_why_and_no_secret(at: str) -> None:
    server = ScriptedUpstream(extensions=("AUTH LOGIN",))
    server.answer("AUTH", "334 VXNlcm5hbWU6")
    server.answer(
        base64.b64encode(b"me").decode().upper(), "334 UGFzc3dvcmQ6" if at == "password" else "535 5.7.8 no"
    )
    server.answer(base64.b64encode(b"hunter2").decode().upper(), "535 5.7.8 no")
    said = refusal(server, username="me", password="hunter2")
    assert said == "the login as me was refused: 535 5.7.8 no"


def test_a_server_without_a_login_is_told_no_password() -> None:
    server = ScriptedUpstream(extensions=("AUTH CRAM-MD5",))
    assert "no login with a password" in refusal(server, username="me", password="hunter2")
    assert not any(line.startswith("AUTH") for line in server.commands)


class Certificates:
    """A server's context and what a client needs to trust it."""

    def __init__(self, name: str = "127.0.0.1", **options: Any) -> None:
        self.authority = trustme.CA()
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(name, **options).configure_cert(self.server)
        self.client = ssl.create_default_context()
        self.authority.configure_trust(self.client)


def tls_server(certificates: Certificates, security: Security) -> ScriptedUpstream:
    return ScriptedUpstream(
        extensions=("STARTTLS",), tls=certificates.server, implicit_tls=security is Security.TLS
    )


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_an_expired_certificate_is_no_connection_and_says_so(security: Security) -> None:
    certificates = Certificates(not_after=EXPIRED)
    said = refusal(tls_server(certificates, security), security=security, tls=certificates.client)
    assert said == "its certificate is not to be trusted: certificate has expired"


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_the_name_is_checked_and_may_be_another_one(security: Security) -> None:
    certificates = Certificates("mx.example")
    said = refusal(tls_server(certificates, security), security=security, tls=certificates.client)
    assert "not to be trusted" in said
    assert "127.0.0.1" in said
    options: dict[str, Any] = {"security": security, "tls": certificates.client}
    connect(tls_server(certificates, security), tls_name="mx.example", **options)
    assert "other.example" in refusal(tls_server(certificates, security), tls_name="other.example", **options)


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_a_server_that_asks_for_a_certificate_gets_ours(security: Security) -> None:
    certificates = Certificates()
    certificates.server.verify_mode = ssl.CERT_REQUIRED
    certificates.authority.configure_trust(certificates.server)
    certificates.server.maximum_version = ssl.TLSVersion.TLSv1_2  # in 1.3 the client is refused only later
    options: dict[str, Any] = {"security": security, "tls": certificates.client}
    assert refusal(tls_server(certificates, security), **options)
    certificates.authority.issue_cert("relay.test").configure_cert(certificates.client)
    connect(tls_server(certificates, security), **options)


def test_starttls_that_is_refused_is_no_connection() -> None:
    server = ScriptedUpstream(extensions=("STARTTLS",))
    server.answer("STARTTLS", "454 4.7.0 not now")
    assert refusal(server, security=Security.STARTTLS) == "STARTTLS was refused: 454 4.7.0 not now"


@pytest.mark.parametrize("injected", [b"250-evil\r\n250 CHUNKING\r\n", b"250 x\r\n", b"\r\n"])
def test_lines_injected_behind_starttls_end_the_connection(injected: bytes) -> None:
    """Clear text behind the 220 must not be taken for what the server says over TLS [RFC 3207 section 6]."""
    certificates = Certificates()
    server = tls_server(certificates, Security.STARTTLS)
    server.answer("STARTTLS", b"220 go ahead\r\n" + injected)
    assert refusal(server, security=Security.STARTTLS, tls=certificates.client)


@pytest.mark.parametrize("injected", [b"250 DSN", b"250-x\r\n250-DSN\r\n"])
def test_half_a_reply_injected_behind_starttls_does_not_count(injected: bytes) -> None:
    certificates = Certificates()
    server = tls_server(certificates, Security.STARTTLS)
    server.answer("STARTTLS", b"220 go ahead\r\n" + injected)
    capabilities = connect(server, security=Security.STARTTLS, tls=certificates.client)
    assert capabilities == Capabilities()
