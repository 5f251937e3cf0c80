"""The PROXY header in front of HTTP and of TLS: believed from listed peers, refused from others."""

import ipaddress
import ssl
import struct
from collections.abc import Iterator

import pytest

from connections.proxy_protocol import SIGNATURE
from tests.tracker.asking import CLICK_PATH
from tests.tracker.serving import everything
from tests.tracker.tls.certified import Certified, Secure, client, secure

HOST = "click.shop.example"
PEERS = (ipaddress.ip_network("127.0.0.0/8"),)
CLICK = f"GET {CLICK_PATH} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()


def header(source: str, *, command: int = 0x21) -> bytes:
    address = ipaddress.ip_address(source)
    body = address.packed * 2 + struct.pack("!HH", 40_000, 443)
    return (
        SIGNATURE
        + bytes((command, 0x11 if address.version == 4 else 0x21))
        + struct.pack("!H", len(body))
        + body
    )


@pytest.fixture(scope="module")
def behind() -> Iterator[Secure]:
    with secure(Certified(HOST), proxies=PEERS) as running:
        yield running


@pytest.mark.parametrize("source", ["192.0.2.7", "2001:db8::7"])
def test_the_client_is_who_the_header_names(behind: Secure, source: str) -> None:
    behind.running.hits.clear()
    assert behind.running.exchange(header(source) + CLICK).startswith(b"HTTP/1.1 302 ")
    with behind.handshake(HOST, before=header(source)) as connection:
        connection.sendall(CLICK)
        assert everything(connection).startswith(b"HTTP/1.1 302 ")
    assert [hit.address for hit in behind.running.hits] == [source, source]


def test_the_proxy_may_speak_for_itself(behind: Secure) -> None:
    behind.running.hits.clear()
    behind.running.exchange(header("192.0.2.7", command=0x20) + CLICK)
    assert [hit.address for hit in behind.running.hits] == ["127.0.0.1"]


@pytest.mark.parametrize("sent", [CLICK, b"PROXY TCP4 192.0.2.7 192.0.2.7 1 2\r\n" + CLICK])
def test_without_a_header_a_proxy_is_sent_away(behind: Secure, sent: bytes) -> None:
    behind.running.hits.clear()
    assert behind.running.exchange(sent) == b""
    assert behind.running.hits == []


def test_without_a_header_a_proxy_gets_no_handshake(behind: Secure) -> None:
    with pytest.raises(OSError, match=r"EOF|reset"):
        behind.handshake(HOST)


def test_others_are_not_believed() -> None:
    with secure(Certified(HOST)) as tracker:
        assert tracker.running.exchange(header("192.0.2.7") + CLICK).startswith(b"HTTP/1.1 400 ")
        with pytest.raises((ssl.SSLError, OSError)):
            tracker.handshake(HOST, client(), before=header("192.0.2.7"))
        assert tracker.running.hits == []


def test_a_header_that_is_cut_short_is_forgotten(behind: Secure) -> None:
    for length in (0, 5, 20):
        assert behind.running.exchange(header("192.0.2.7")[:length], then_end=True) == b""
    behind.running.wait_until_all_are_gone()
