from email import message_from_bytes, policy

import pytest

from relay.envelope import Client
from relay.received import protocol_name, received_header

AT = 1_795_000_000_000


def made(*, address: str = "192.0.2.1", helo: str = "client.example", recipient: str | None = None) -> bytes:
    return received_header(
        client=Client(address=address, helo=helo, extended=True),
        hostname="relay.example",
        protocol="ESMTP",
        message="0" * 24,
        recipient=recipient,
        at=AT,
    )


def test_it_says_all_that_rfc_5321_wants() -> None:
    assert made(recipient="a@b.example") == (
        b"Received: from client.example ([192.0.2.1])\r\n"
        b"\tby relay.example with ESMTP id 000000000000000000000000\r\n"
        b"\tfor <a@b.example>;\r\n"
        b"\tWed, 18 Nov 2026 11:06:40 +0000\r\n"
    )


def test_several_recipients_are_not_named() -> None:
    assert b"for <" not in made()
    assert made().count(b";") == 1


def test_an_address_that_is_not_ascii_is_not_named() -> None:
    assert b"for <" not in made(recipient="é@b.example")


def test_an_ipv6_client() -> None:
    assert b"([IPv6:2001:db8::1])" in made(address="2001:db8::1")


@pytest.mark.parametrize(
    ("helo", "shown"),
    [
        ("[192.0.2.9]", b"[192.0.2.9]"),
        ("[IPv6:::1]", b"[IPv6:::1]"),
        ("a b", b"a?b"),
        ("x\r\nSubject: y", b"x??Subject:?y"),
        ("x (by evil", b"x??by?evil"),
        ("x;y", b"x?y"),
        ("é", b"?"),
        ("", b"unknown"),
        ("x" * 500, b"x" * 255),
    ],
)
def test_helo_cannot_break_out(helo: str, shown: bytes) -> None:
    assert made(helo=helo).startswith(b"Received: from " + shown + b" ([192.0.2.1])\r\n")


def test_it_is_one_field() -> None:
    message = message_from_bytes(made(recipient="a@b.example") + b"\r\n", policy=policy.SMTP)
    assert message.keys() == ["Received"]


def test_protocol_names() -> None:
    assert protocol_name(extended=True, utf8=False) == "ESMTP"
    assert protocol_name(extended=False, utf8=False) == "SMTP"
    assert protocol_name(extended=True, utf8=True) == "UTF8SMTP"
    assert protocol_name(extended=True, utf8=False, tls=True) == "ESMTPS"
    assert protocol_name(extended=True, utf8=True, tls=True) == "UTF8SMTPS"
    assert protocol_name(extended=False, utf8=False, tls=True) == "SMTP"


def test_tls_is_told() -> None:
    header = received_header(
        client=Client(address="192.0.2.1", helo="x", extended=True, tls="TLSv1.3 TLS_AES_256_GCM_SHA384"),
        hostname="relay.example",
        protocol="ESMTPS",
        message="0" * 24,
        recipient="a@b.example",
        at=AT,
    )
    assert b"\r\n\t(TLSv1.3 TLS_AES_256_GCM_SHA384)\r\n\tfor <a@b.example>;\r\n" in header
