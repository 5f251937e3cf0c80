from email import message_from_bytes, policy

import pytest

from relay.envelope import LOCAL, Client
from relay.message_headers import read_headers
from relay.received import protocol_name, received_header

AT = 1_795_000_000_000


def made(
    *,
    address: str = "192.0.2.1",
    helo: str = "client.example",
    recipient: str | None = None,
    decided: bool = False,
) -> bytes:
    return received_header(
        client=Client(address=address, helo=helo, extended=True),
        hostname="relay.example",
        protocol="ESMTP",
        message="0" * 24,
        recipient=recipient,
        decided=decided,
        at=AT,
    )


def test_it_says_all_that_rfc_5321_wants() -> None:
    assert made(recipient="a@b.example") == (
        b"Received: from client.example ([192.0.2.1])\r\n"
        b"\tby relay.example (Waypost)\r\n"
        b"\twith ESMTP id 000000000000000000000000\r\n"
        b"\tfor <a@b.example>;\r\n"
        b"\tWed, 18 Nov 2026 11:06:40 +0000\r\n"
    )


def test_the_next_waypost_is_told_that_tracking_was_decided() -> None:
    assert b"\tby relay.example (Waypost, tracking decided)\r\n" in made(decided=True)
    assert read_headers(made(decided=True) + b"\r\n").tracking_decided
    assert not read_headers(made() + b"\r\n").tracking_decided


def test_helo_cannot_tell_that() -> None:
    helo = "x by relay.example (Waypost, tracking decided) y"
    assert not read_headers(made(helo=helo) + b"\r\n").tracking_decided


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


@pytest.mark.parametrize(
    ("extended", "lmtp", "utf8", "tls", "name"),
    [
        (False, False, False, "", "SMTP"),
        (False, False, False, "TLSv1.3 x", "SMTP"),
        (True, False, False, "", "ESMTP"),
        (True, False, True, "", "UTF8SMTP"),
        (True, False, False, "TLSv1.3 x", "ESMTPS"),
        (True, False, True, "TLSv1.3 x", "UTF8SMTPS"),
        (True, True, False, "", "LMTP"),
        (True, True, False, "TLSv1.3 x", "LMTPS"),
        (True, True, True, "", "UTF8LMTP"),
        (True, True, True, "TLSv1.3 x", "UTF8LMTPS"),
    ],
)
def test_protocol_names(extended: bool, lmtp: bool, utf8: bool, tls: str, name: str) -> None:
    client = Client(address="192.0.2.1", helo="x", extended=extended, lmtp=lmtp, tls=tls)
    assert protocol_name(client, utf8=utf8) == name


def test_a_client_on_a_unix_socket_has_no_address() -> None:
    assert made(address=LOCAL).startswith(b"Received: from client.example (local)\r\n")


def test_tls_is_told() -> None:
    header = received_header(
        client=Client(address="192.0.2.1", helo="x", extended=True, tls="TLSv1.3 TLS_AES_256_GCM_SHA384"),
        hostname="relay.example",
        protocol="ESMTPS",
        message="0" * 24,
        recipient="a@b.example",
        decided=False,
        at=AT,
    )
    assert b"\r\n\t(TLSv1.3 TLS_AES_256_GCM_SHA384)\r\n\tfor <a@b.example>;\r\n" in header
