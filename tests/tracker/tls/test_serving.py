"""TLS on the running tracker, with clients of Python's ssl and raw octets."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.tracker.asking import CLICK_PATH, URL
from tests.tracker.serving import PATIENCE, answer, everything
from tests.tracker.tls.certified import Certified, Secure, client, secure
from tracker.tls.alerts import Alert
from tracker.tls.client_hello import parse_client_hello

SHOP, CLUB, LATE = "click.shop.example", "click.club.example", "late.example"


@pytest.fixture(scope="module")
def shared() -> Iterator[Secure]:
    with secure(Certified(SHOP, CLUB)) as running:
        yield running


@pytest.fixture
def tracker(shared: Secure, caplog: pytest.LogCaptureFixture) -> Iterator[Secure]:
    """The shared server, its hits forgotten; nothing that a client sends makes a line in the log."""
    shared.running.hits.clear()
    yield shared
    assert [one for one in caplog.get_records("call") if one.levelno >= logging.WARNING] == []


def get(path: str, host: str, *headers: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", f"Host: {host}", *headers, "", ""]).encode()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("host", [SHOP, CLUB])
def test_a_click_over_https(tracker: Secure, host: str, version: ssl.TLSVersion) -> None:
    with tracker.handshake(host, client(version, ("h2", "http/1.1"))) as connection:
        assert connection.selected_alpn_protocol() == "http/1.1"
        connection.sendall(get(CLICK_PATH, host))
        received = answer(connection)
        connection.sendall(get(CLICK_PATH, host.upper() + ":443"))
        assert answer(connection).startswith(b"HTTP/1.1 302 ")
    assert f"location: {URL}\r\n".encode() in received
    assert b"strict-transport-security" not in received.lower()
    assert [hit.host for hit in tracker.running.hits] == [host, host]


@pytest.mark.parametrize("host", [CLUB, "unknown.example", "127.0.0.1"])
def test_another_host_than_the_one_asked_for_in_tls_is_misdirected(tracker: Secure, host: str) -> None:
    with tracker.handshake(SHOP) as connection:
        connection.sendall(get(CLICK_PATH, host, "Connection: close"))
        assert everything(connection).startswith(b"HTTP/1.1 421 Misdirected Request\r\n")
    assert tracker.running.hits == []


@pytest.mark.parametrize("host", ["unknown.example", "127.0.0.1.example", "_", "a" * 63])
def test_an_unknown_name_gets_an_alert(tracker: Secure, host: str) -> None:
    before = tracker.counted().get("unknown_name", 0)
    with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
        tracker.handshake(host)
    assert tracker.counted()["unknown_name"] == before + 1


def test_no_name_gets_an_alert_unless_there_is_a_certificate_for_that(tracker: Secure) -> None:
    unnamed = client()
    unnamed.check_hostname = False
    with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
        tracker.handshake(None, unnamed)
    with secure(Certified(SHOP, default=SHOP)) as lenient, lenient.handshake(None, unnamed) as connection:
        connection.sendall(get("/healthz", "192.0.2.1", "Connection: close"))
        assert everything(connection).startswith(b"HTTP/1.1 200 ")


def test_a_client_without_http_gets_an_alert(tracker: Secure) -> None:
    with pytest.raises(ssl.SSLError, match="no application protocol"):
        tracker.handshake(SHOP, client(protocols=("acme-tls/1",)))


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        (b"GET / HTTP/1.1\r\nHost: click.shop.example\r\n\r\n", b"HTTP/1.1 400 Bad Request\r\n"),
        (b"G", b"HTTP/1.1 400 Bad Request\r\n"),
        (b"\0" * 100, b""),
        (b"hello\r\n", b""),
        (b"\x80\x2e\x01\x00\x02\x00\x15", Alert.PROTOCOL_VERSION.record()),
        (b"\x16\x02\x00\x00\x05", Alert.PROTOCOL_VERSION.record()),
        (b"\x16\x03\x01\x00\x00", Alert.DECODE_ERROR.record()),
        (b"\x16\x03\x01\x40\x01", Alert.RECORD_OVERFLOW.record()),
        (b"\x16\x03\x01\x00\x01\x02", Alert.UNEXPECTED_MESSAGE.record()),
    ],
)
def test_what_is_no_client_hello_is_sent_away(tracker: Secure, sent: bytes, received: bytes) -> None:
    before = tracker.counted().get("refused", 0)
    with tracker.connect() as connection:
        connection.sendall(sent)
        assert everything(connection).startswith(received)
    assert tracker.counted()["refused"] == before + 1


def client_hello(host: str) -> tuple[ssl.SSLObject, ssl.MemoryBIO, ssl.MemoryBIO]:
    """Return a handshake of which the first flight stands in the second buffer."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    handshake = client().wrap_bio(incoming, outgoing, server_hostname=host)
    with pytest.raises(ssl.SSLWantReadError):
        handshake.do_handshake()
    return handshake, incoming, outgoing


def finish(connection: socket.socket, handshake: ssl.SSLObject, incoming: ssl.MemoryBIO) -> None:
    while True:
        incoming.write(connection.recv(65536))
        try:
            return handshake.do_handshake()
        except ssl.SSLWantReadError:
            continue


def test_a_client_hello_may_come_octet_by_octet_and_in_many_records(tracker: Secure) -> None:
    handshake, incoming, outgoing = client_hello(SHOP)
    message = outgoing.read()[5:]
    pieces = [message[at : at + 20] for at in range(0, len(message), 20)]
    with tracker.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            for octet in b"\x16\x03\x01" + len(piece).to_bytes(2, "big") + piece:
                connection.sendall(bytes((octet,)))
        finish(connection, handshake, incoming)
    assert handshake.version() == "TLSv1.3"


def test_half_a_client_hello_is_waited_for_without_work_and_not_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[int] = []

    def parse(data: bytes) -> object:
        looks.append(len(data))
        return parse_client_hello(data)

    monkeypatch.setattr("tracker.tls.peeking.parse_client_hello", parse)
    _, _, outgoing = client_hello(SHOP)
    with secure(Certified(SHOP), hello_seconds=0.3) as tracker, tracker.connect() as connection:
        connection.sendall(outgoing.read()[:-1])
        assert everything(connection) == b""
        assert tracker.counted() == {"slow": 1}
    assert len(looks) == 1


@pytest.mark.parametrize("sent", [0, 1, 100])
def test_a_client_that_leaves_early_is_forgotten_at_once(tracker: Secure, sent: int) -> None:
    _, _, outgoing = client_hello(SHOP)
    before = tracker.counted().get("failed", 0)
    with tracker.connect() as connection:
        connection.sendall(outgoing.read()[:sent])
        connection.shutdown(socket.SHUT_WR)
        assert everything(connection) == b""
    assert tracker.counted()["failed"] == before + 1


def test_a_client_that_stops_in_the_handshake_is_sent_away() -> None:
    _, _, outgoing = client_hello(SHOP)
    with secure(Certified(SHOP), handshake_seconds=0.2) as tracker, tracker.connect() as connection:
        connection.sendall(outgoing.read())
        everything(connection)
        assert tracker.counted() == {"slow": 1}


def test_a_client_that_does_not_trust_the_certificate_makes_no_line(tracker: Secure) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        tracker.handshake(SHOP, ssl.create_default_context())


def test_garbage_after_the_handshake_makes_no_line(tracker: Secure) -> None:
    connection = tracker.handshake(SHOP)
    with socket.socket(fileno=connection.detach()) as raw:
        raw.settimeout(PATIENCE)
        raw.sendall(b"\x17\x03\x03\x00\x20" + b"\0" * 32)
        everything(raw)
    tracker.running.wait_until_all_are_gone()


def test_one_order_makes_those_wait_who_asked_for_it_and_nobody_else() -> None:
    certified = Certified(SHOP)
    with secure(certified) as tracker, ThreadPoolExecutor(8) as clients:
        loop = tracker.running.loop
        issued = certified.ordered[LATE] = asyncio.Event()
        waiting = [clients.submit(tracker.handshake, LATE) for _ in range(6)]
        for _ in range(3):
            with tracker.handshake(SHOP) as connection:
                connection.sendall(get("/healthz", SHOP))
                answer(connection)
        assert not any(one.done() for one in waiting)
        certified.pem[LATE] = certified.pem[SHOP]
        loop.call_soon_threadsafe(issued.set)
        assert all(isinstance(one.exception(10), ssl.SSLCertVerificationError) for one in waiting)
        assert certified.asked == [LATE] * 6


def test_a_certificate_that_does_not_come_in_time_is_an_alert() -> None:
    certified = Certified()
    with secure(certified, wait_seconds=0.1) as tracker:
        certified.ordered[LATE] = asyncio.Event()
        with pytest.raises(ssl.SSLError, match="INTERNAL_ERROR"):
            tracker.handshake(LATE)
        assert tracker.counted() == {"late": 1}


def test_stopping_ends_handshakes_on_their_way() -> None:
    _, _, outgoing = client_hello(SHOP)
    with secure(Certified(SHOP)) as tracker:
        clients = [tracker.connect() for _ in range(3)]
        clients[1].sendall(outgoing.read(10))
        clients[2].sendall(outgoing.read())
    for connection in clients:
        with connection:
            everything(connection)


def test_connections_beyond_the_cap_are_closed_before_their_handshake() -> None:
    with (
        secure(Certified(SHOP), max_connections=2) as tracker,
        tracker.handshake(SHOP) as served,
    ):
        served.sendall(get("/healthz", SHOP))
        answer(served)
        silent = tracker.connect()
        tracker.wait_until(arriving=1)
        with pytest.raises(OSError, match=r"EOF|reset"):
            tracker.handshake(SHOP)
        silent.close()
        tracker.wait_until(arriving=0)
        tracker.handshake(SHOP).close()


def test_connections_of_one_address_beyond_its_places_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.acceptor.MAX_ARRIVING", 1)
    with secure(Certified(SHOP)) as tracker, tracker.handshake(SHOP), tracker.connect():
        tracker.wait_until(arriving=1)
        with pytest.raises(OSError, match=r"EOF|reset"):
            tracker.handshake(SHOP)
