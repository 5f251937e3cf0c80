"""The running server, asked with raw bytes: what no HTTP client would send, somebody does."""

import asyncio
import logging
import re
import signal
import socket
import struct
from collections.abc import Iterator

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tracker.asking import CLICK_PATH, OPEN_PATH, URL, Asking
from tests.tracker.serving import Serving, answer, everything, flood, serving
from tracker import TrackerServer

CLOSE = b"Connection: close\r\n"
HOST = b"Host: track.example.com\r\n"
CLICK = CLICK_PATH.encode()
OPEN = OPEN_PATH.encode()
LOCATION = b"\r\nlocation: " + URL.encode() + b"\r\n"


def get(path: bytes, *headers: bytes, method: bytes = b"GET") -> bytes:
    return method + b" " + path + b" HTTP/1.1\r\n" + HOST + b"".join(headers) + b"\r\n"


def statuses(received: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", received)]


@pytest.fixture(scope="module")
def shared() -> Iterator[Serving]:
    with serving() as running:
        yield running


@pytest.fixture
def tracker(shared: Serving, caplog: pytest.LogCaptureFixture) -> Iterator[Serving]:
    """The shared server, its hits forgotten; nothing that a client sends makes a line in the log."""
    shared.hits.clear()
    yield shared
    assert [one for one in caplog.get_records("call") if one.levelno >= logging.WARNING] == []


def test_click_over_http(tracker: Serving) -> None:
    received = tracker.exchange(get(CLICK, CLOSE, b"User-Agent: Mozilla/5.0\r\n"))
    assert received.startswith(b"HTTP/1.1 302 Found\r\ndate: ")
    assert LOCATION in received
    assert received.endswith(b"content-length: 0\r\nconnection: close\r\n\r\n")
    assert b"\r\nserver:" not in received
    [hit] = tracker.hits
    assert (hit.host, hit.address, hit.user_agent) == ("track.example.com", "127.0.0.1", "Mozilla/5.0")


def test_nobody_is_believed_about_addresses_unless_listed(tracker: Serving) -> None:
    tracker.exchange(get(CLICK, CLOSE, b"X-Forwarded-For: 198.51.100.1\r\n", b"X-Forwarded-Proto: https\r\n"))
    assert [hit.address for hit in tracker.hits] == ["127.0.0.1"]


def test_head_has_no_body(tracker: Serving) -> None:
    received = tracker.exchange(get(OPEN, CLOSE, method=b"HEAD"))
    assert b"\r\ncontent-length: 43\r\n" in received
    assert received.endswith(b"\r\n\r\n")
    assert [hit.method for hit in tracker.hits] == ["HEAD"]


def test_connections_are_kept_and_pipelined_requests_answered_in_order(tracker: Serving) -> None:
    received = tracker.exchange(get(CLICK) + get(b"/healthz") + get(OPEN) + get(CLICK, CLOSE))
    assert statuses(received) == [302, 200, 200, 302]
    assert [hit.kind for hit in tracker.hits] == ["click", "open", "click"]


def test_a_request_may_come_byte_by_byte(tracker: Serving) -> None:
    with tracker.connect() as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in get(CLICK, CLOSE):
            client.sendall(bytes((byte,)))
        assert statuses(everything(client)) == [302]
    assert len(tracker.hits) == 1


def test_absolute_target_wins_over_host(tracker: Serving) -> None:
    received = tracker.exchange(get(b"http://Other.example:80" + CLICK + b"?x=1", CLOSE))
    assert statuses(received) == [302]
    assert LOCATION in received
    assert [hit.host for hit in tracker.hits] == ["other.example"]


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (b"http://other.example", 200),
        (b"HTTPS://other.example/healthz", 200),
        (b"http://other.example?x", 200),
        (b"http://user@other.example/", 400),
        (b"http:///", 400),
        (b"ftp://other.example/", 404),
        (b"*", 404),
    ],
)
def test_other_targets(tracker: Serving, target: bytes, status: int) -> None:
    assert statuses(tracker.exchange(get(target, CLOSE))) == [status]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET " + CLICK + b" HTTP/1.1\r\n\r\n", 400),
        (b"GET " + CLICK + b" HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET http://a.example" + CLICK + b" HTTP/1.1\r\n\r\n", 400),
        (b"GET http://a.example" + CLICK + b" HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET " + CLICK + b" HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        (b"GET " + CLICK + b" HTTP/1.1\nHost: a\n\n", 400),
        (b"GET " + CLICK + b" HTTP/1.1\r\nHost: a\r\n folded: b\r\n\r\n", 400),
        (b"GET " + CLICK + b" HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n", 400),
        (b"GET " + CLICK + b"\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET " + CLICK + b" x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (get(CLICK, b"Content-Length: 1\r\n", b"Transfer-Encoding: chunked\r\n"), 400),
        (get(CLICK, b"Content-Length: 1\r\n", b"Content-Length: 2\r\n"), 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),  # TLS
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"EHLO mail.example\r\n", 400),
        (b"\r\n\r\n\x00\xff garbage", 400),
        (b"get / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (get(CLICK, b"Content-Length: 5\r\n", method=b"POST") + b"hello", 405),
        (get(CLICK, b"Content-Length: 500000\r\n", method=b"PUT"), 405),
        (get(CLICK, CLOSE, method=b"OPTIONS"), 405),
        (get(b"*", CLOSE, method=b"OPTIONS"), 405),
        (get(b"track.example.com:443", method=b"CONNECT"), 405),
        (get(CLICK, b"X: " + b"a" * 100_000 + b"\r\n"), 431),
        (get(CLICK, b"X: y\r\n" * 101), 431),
        (b"GET " + CLICK + b" HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 100_000, 431),
        (b"GET /" + b"a" * 100_000, 431),
    ],
)
def test_what_is_refused_is_closed_and_not_written_down(
    tracker: Serving, request_: bytes, status: int
) -> None:
    assert statuses(tracker.exchange(request_)) == [status]
    assert tracker.hits == []


@pytest.mark.parametrize(
    "header",
    [b"Upgrade: h2c\r\n", b"Upgrade: websocket\r\n", b"Content-Length: 5\r\n", b"Expect: 100-continue\r\n"],
)
def test_upgrades_bodies_and_expectations_do_not_stop_a_click(tracker: Serving, header: bytes) -> None:
    connection = b"Connection: Upgrade\r\n" if header.startswith(b"Upgrade") else CLOSE
    received = tracker.exchange(get(CLICK, connection, header))
    assert statuses(received) == [302]
    assert received.endswith(b"connection: close\r\n\r\n")
    assert len(tracker.hits) == 1


def test_a_body_is_never_taken_for_a_request(tracker: Serving) -> None:
    smuggled = get(CLICK)
    for framing in (b"Content-Length: %d\r\n" % len(smuggled), b"Upgrade: x\r\nConnection: upgrade\r\n"):
        assert statuses(tracker.exchange(get(b"/healthz", framing) + smuggled)) == [200]
    assert tracker.hits == []


def test_a_request_cut_short_by_its_client_is_nothing(tracker: Serving) -> None:
    request = get(CLICK)
    for length in (1, len(request) // 2, len(request) - 1):
        assert tracker.exchange(request[:length], then_end=True) == b""
    assert tracker.hits == []


valid = st.sampled_from([get(b"/healthz"), get(b"/c/forged"), get(b"http://a/x"), get(b"/o/forged", CLOSE)])
mutations = st.lists(st.tuples(st.integers(0, 200), st.binary(max_size=3)), max_size=4)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300) | st.just(b""), valid, mutations)
def test_no_garbage_gets_a_500(
    tracker: Serving, garbage: bytes, request: bytes, mutations: list[tuple[int, bytes]]
) -> None:
    for position, new in mutations:
        request = request[:position] + new + request[position + 1 :]
    for sent in (garbage, request, request + garbage):
        assert set(statuses(tracker.exchange(sent, then_end=True))) <= {200, 400, 404, 405, 431}
    assert tracker.hits == []


def test_httptools_and_uvloop_serve(tracker: Serving) -> None:
    with tracker.connect() as client:
        client.sendall(get(b"/healthz", method=b"HEAD"))
        answer(client)
        [connection] = tracker.server._connections.open
        assert type(connection._parser).__module__.startswith("httptools")
        assert type(connection._transport).__module__.startswith("uvloop")


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\nHo",
        get(b"/healthz", method=b"HEAD") + b"GET /",  # half of a second one
        get(b"/healthz", b"Content-Length: 1000\r\n", method=b"HEAD"),
    ],
)
def test_an_unfinished_request_is_dropped_after_its_time(sent: bytes) -> None:
    with serving(request_seconds=0.2) as tracker:
        assert set(statuses(tracker.exchange(sent))) <= {200}
        assert tracker.hits == []


def test_an_answer_that_is_never_read_is_dropped_after_its_time(caplog: pytest.LogCaptureFixture) -> None:
    with serving(request_seconds=0.3) as tracker, tracker.connect() as client:
        flood(client, get(b"/"))
        tracker.wait_until_all_are_gone()
    assert caplog.records == []


def test_a_client_that_resets_its_connection_makes_no_line(caplog: pytest.LogCaptureFixture) -> None:
    with serving() as tracker:
        for requests in range(100):
            client = tracker.connect()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.sendall(get(b"/") * (requests % 20))
            client.close()
        tracker.wait_until_all_are_gone()
    assert caplog.records == []


def test_a_connection_that_goes_on_asking_is_kept() -> None:
    with serving(request_seconds=0.2) as tracker, tracker.connect() as client:
        start = tracker.loop.time()
        while tracker.loop.time() < start + 0.6:
            client.sendall(get(b"/healthz", method=b"HEAD"))
            assert statuses(answer(client)) == [200]


def test_a_connection_that_asked_often_is_ended_with_its_last_answer() -> None:
    with serving(kept_requests=3) as tracker, tracker.connect() as client:
        for _ in range(2):
            client.sendall(get(CLICK))
            assert b"connection: close" not in answer(client)
        client.sendall(get(CLICK))
        last = everything(client)
        assert statuses(last) == [302]
        assert b"connection: close" in last
    assert len(tracker.hits) == 3


def test_connections_beyond_the_cap_are_closed_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    with serving(max_connections=2) as tracker:
        kept = [tracker.connect(), tracker.connect()]
        for client in kept:
            client.sendall(get(b"/healthz", method=b"HEAD"))
            answer(client)
        assert [tracker.exchange(get(CLICK, CLOSE)) for _ in range(3)] == [b""] * 3
        for client in kept:
            client.sendall(get(CLICK))
            assert LOCATION in answer(client)
            client.close()
        assert any(statuses(tracker.exchange(get(CLICK, CLOSE))) == [302] for _ in range(1000))
    assert [record.getMessage() for record in caplog.records] == ["2 connections are open, more are refused"]


def test_stopping_closes_idle_and_half_open_connections() -> None:
    with serving() as tracker:
        idle, half = tracker.connect(), tracker.connect()
        idle.sendall(get(b"/healthz", method=b"HEAD"))
        answer(idle)
        half.sendall(get(b"/healthz", method=b"HEAD") + b"GET / HT")
        answer(half)
    for client in (idle, half):
        assert everything(client) == b""
        client.close()
    with pytest.raises(ConnectionRefusedError):
        tracker.connect()


def test_stopping_does_not_wait_for_a_client_that_never_reads(caplog: pytest.LogCaptureFixture) -> None:
    with serving(stop_seconds=0.2, request_seconds=1000) as tracker:
        client = tracker.connect()
        flood(client, get(b"/"))
    client.close()
    assert caplog.records == []


def test_signal_handlers_are_left_alone_and_start_and_stop_are_clean() -> None:
    async def scenario() -> None:
        sock = socket.create_server(("127.0.0.1", 0))
        server = TrackerServer(Asking().app(), [sock])
        before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
        await server.start()
        assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before
        await server.stop()
        assert sock.fileno() == -1

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(scenario())


def test_a_socket_that_cannot_be_served_is_an_error_at_start() -> None:
    async def scenario() -> None:
        sock = socket.socket()
        sock.close()
        with pytest.raises(OSError, match="descriptor"):
            await TrackerServer(Asking().app(), [sock]).start()

    asyncio.run(scenario())


def test_stopping_what_never_started_is_nothing() -> None:
    asyncio.run(TrackerServer(Asking().app(), []).stop())


def test_nothing_goes_to_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    with serving() as tracker:
        tracker.exchange(get(CLICK, CLOSE))
        tracker.exchange(b"garbage\r\n\r\n")
    assert capfd.readouterr() == ("", "")
