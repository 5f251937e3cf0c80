"""Posts to receivers that are slow, broken, hostile, or not where their DNS said."""

import ipaddress
import ssl
from collections.abc import Sequence
from typing import Any

import pytest
import trustme

from domains.probing.http_exchange import MAX_ANSWER
from events.webhooks.model import Answer
from events.webhooks.ports import Unanswered
from service.webhooks.http_post import HttpPost, LookUp, system_look_up
from tests.domains.probing.clients import server_tls, trusting
from tests.running import free_port
from tests.web_server import Behaviour, WebServer, ok, repeats, resets, says, waits

LOCAL = "127.0.0.1"
PUBLIC = "192.0.32.7"  # of a network that is routed; nothing here may really be sent there
HOST = "hooks.example.com"
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
HEADERS = {"webhook-id": "msg_1"}
BODY = b'{"type":"events"}'


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def found(*addresses: str) -> LookUp:
    return lambda host, port: addresses


def http_post(**settings: Any) -> HttpPost:
    defaults: dict[str, Any] = {
        "tls": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        "private": LOOPBACK,
        "look_up": found(LOCAL),
    }
    return HttpPost(**defaults | settings)


def post(behaviour: Behaviour, body: bytes = BODY, **settings: Any) -> Answer:
    with WebServer(behaviour) as server:
        return http_post(**settings)(f"http://{HOST}:{server.port}/in?a=b", HEADERS, body)


def refusal(behaviour: Behaviour, **settings: Any) -> str:
    with pytest.raises(Unanswered) as unanswered:
        post(behaviour, **settings)
    return str(unanswered.value)


def test_what_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://192.0.2.1:1")
    with WebServer(says(ok(b"", b"Set-Cookie: a=b"))) as server:
        send = http_post()
        for _ in range(2):
            assert send(f"http://{HOST}:{server.port}/in?a=b", HEADERS, BODY) == Answer(
                status=200, detail="answered 200"
            )
    head, _, body = server.requests[1].partition(b"\r\n\r\n")
    assert head.decode().split("\r\n") == [
        "POST /in?a=b HTTP/1.1",
        f"Host: {HOST}:{server.port}",
        "User-Agent: waypost-webhooks",
        "Content-Type: application/json",
        "Content-Length: 17",
        "Connection: close",
        "webhook-id: msg_1",
    ]
    assert body in (BODY, b"")  # in the same segment, or the next


def test_a_fault_is_told_with_the_beginning_of_what_it_says() -> None:
    answer = (
        b"HTTP/1.1 500 No\r\nContent-Length: 430\r\n\r\n" + b"\x1b[31mno table\nann@example.net " + b"x" * 400
    )
    told = post(says(answer)).detail
    assert told.startswith("answered 500: [31mno table … x")
    assert told.isprintable()
    assert len(told) < 150


@pytest.mark.parametrize(
    ("value", "seconds"), [(b"120", 120), (b"0", 0), (b"soon", None), (b"Thu, 01 Jan 1970 00:00:00 GMT", 0)]
)
def test_when_to_come_again(value: bytes, seconds: float | None) -> None:
    answer = b"HTTP/1.1 503 No\r\nContent-Length: 0\r\nRetry-After: %s\r\n\r\n" % value
    assert post(says(answer)).retry_after == (seconds if seconds is None else pytest.approx(seconds, abs=5))


def test_a_redirect_is_not_followed() -> None:
    with WebServer(says(ok())) as inside:
        location = b"http://127.0.0.1:%d/" % inside.port
        answer = b"HTTP/1.1 307 Over there\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n" % location
        told = post(says(answer))
        assert (told.status, told.detail) == (
            307,
            "answered 307, a redirect, which is not followed; give the URL that it leads to",
        )
    assert inside.requests == []


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [
        (waits(), "did not answer in time"),
        (waits(b"HTTP/1.1 200 OK\r\n"), "did not answer in time"),
        (repeats(b"", b"H", pause=0.05), "not HTTP"),
        (repeats(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n", pause=0.05), "did not answer in time"),
        (repeats(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n" * 1_000), f"sent {MAX_ANSWER // 1024} KiB"),
        (resets, "closed the connection without an answer"),
        (says(b""), "closed the connection without an answer"),
        (says(b"SSH-2.0-OpenSSH_9.2\r\n"), "not HTTP"),
    ],
    ids=["silent", "stalled", "letters", "drip", "endless", "reset", "closed", "no HTTP"],
)
def test_who_gives_no_answer(behaviour: Behaviour, told: str) -> None:
    assert told in refusal(behaviour, seconds=0.3)


def test_a_giant_body_is_read_in_part() -> None:
    endless = repeats(b"HTTP/1.1 500 No\r\n\r\n", b"x" * 10_000)
    assert post(endless).detail == f"answered 500: {'x' * 120}"


def test_an_answer_before_the_whole_request_counts() -> None:
    body = b"x" * 8_000_000
    assert post(says(b"HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n"), body).status == 413


def test_nobody_listens() -> None:
    with pytest.raises(Unanswered, match="refused the connection"):
        http_post()(f"http://{HOST}:{free_port()}/", HEADERS, BODY)


def test_an_address_that_does_not_answer_does_not_hide_the_next() -> None:
    assert post(says(ok()), look_up=found("127.0.0.2", LOCAL)).status == 200


class TestAddresses:
    @pytest.mark.parametrize(
        "address",
        [
            *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
            *("0.0.0.0", "255.255.255.255", "224.0.0.1", "::1", "::", "fe80::1%lo", "fd00::1", "fec0::1"),
            *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::"),
        ],
    )
    def test_what_is_not_public_is_refused(self, address: str) -> None:
        with WebServer(says(ok())) as server:
            send = http_post(private=(), look_up=found(address))
            with pytest.raises(Unanswered, match="no address that may be sent to") as told:
                send(f"https://{HOST}:{server.port}/", HEADERS, BODY)
        assert address not in str(told.value)
        assert server.requests == []

    @pytest.mark.parametrize(
        ("address", "network"),
        [(LOCAL, "127.0.0.0/8"), ("::ffff:127.0.0.1", "127.0.0.0/8"), ("::1", "::1/128")],
    )
    def test_what_the_settings_list_is_not(self, address: str, network: str) -> None:
        listed = (ipaddress.ip_network(network),)
        with pytest.raises(Unanswered, match="refused the connection"):
            http_post(private=listed, look_up=found(address))(f"http://{HOST}:{free_port()}/", HEADERS, BODY)

    def test_in_the_clear_nothing_goes_to_the_world(self) -> None:
        with pytest.raises(Unanswered, match="no address that may be sent to"):
            http_post(look_up=found(PUBLIC))(f"http://{HOST}/", HEADERS, BODY)

    def test_of_several_only_those_that_are_allowed_are_connected_to(self) -> None:
        with WebServer(says(ok())) as server:
            listed = (ipaddress.ip_network("127.0.0.2/32"),)
            send = http_post(private=listed, look_up=found(LOCAL, "127.0.0.2"))
            with pytest.raises(Unanswered, match="refused the connection"):
                send(f"http://{HOST}:{server.port}/", HEADERS, BODY)
        assert server.requests == []

    def test_a_name_that_changes_between_looks_gains_nothing(self) -> None:
        """The first look-up is the one that is connected to: a second one, inwards, never happens."""
        answers: list[Sequence[str]] = [(PUBLIC,), (LOCAL,), (LOCAL,)]
        connected: list[str] = []

        class Connections(HttpPost):
            def _connection(self, to: Any, addresses: Sequence[str], deadline: Any) -> Any:
                connected.extend(addresses)
                raise Unanswered("not in a test")

        with WebServer(says(ok())) as server:
            send = Connections(
                tls=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), look_up=lambda host, port: answers.pop(0)
            )
            for _ in range(3):
                with pytest.raises(Unanswered):
                    send(f"https://{HOST}:{server.port}/", HEADERS, BODY)
        assert connected == [PUBLIC]
        assert answers == []
        assert server.requests == []

    def test_a_name_without_an_address(self) -> None:
        def unknown(host: str, port: int) -> Sequence[str]:
            raise OSError("no such name")

        with pytest.raises(Unanswered, match="has no address; see to its DNS"):
            http_post(look_up=unknown)(f"http://{HOST}/", HEADERS, BODY)

    @pytest.mark.parametrize("spelling", ["127.1", "0x7f000001", "2130706433", "0177.0.0.1", "localhost"])
    def test_odd_spellings_of_loopback(self, spelling: str) -> None:
        with pytest.raises(Unanswered, match=r"may be sent to|has no address"):
            http_post(private=(), look_up=system_look_up)(f"https://{spelling}/", HEADERS, BODY)


class TestTls:
    def sent(self, authority: trustme.CA, name: str, trusted: trustme.CA) -> tuple[Answer, list[str]]:
        with WebServer(says(ok()), server_tls(authority.issue_cert(name))) as server:
            answer = http_post(tls=trusting(trusted))(f"https://{HOST}:{server.port}/", HEADERS, BODY)
            return answer, server.names

    def test_the_name_is_asked_for_and_checked(self, authority: trustme.CA) -> None:
        answer, names = self.sent(authority, HOST, authority)
        assert (answer.status, names) == (200, [HOST])

    def test_a_certificate_for_another_name(self, authority: trustme.CA) -> None:
        with pytest.raises(Unanswered, match="its certificate is for another name"):
            self.sent(authority, "other.example.com", authority)

    def test_an_authority_that_nobody_trusts(self, authority: trustme.CA) -> None:
        with pytest.raises(Unanswered, match="an authority that is not trusted"):
            self.sent(trustme.CA(), HOST, authority)

    def test_no_tls(self, authority: trustme.CA) -> None:
        with WebServer(says(ok())) as server, pytest.raises(Unanswered):
            http_post(tls=trusting(authority), seconds=1)(f"https://{HOST}:{server.port}/", HEADERS, BODY)
