import socket
import ssl
import threading
from collections.abc import Callable
from datetime import datetime, timezone

import pytest
import trustme

from domains.evidence import Reached
from domains.model import Scheme
from domains.probing.http_exchange import MAX_ANSWER, HttpAnswer
from domains.probing.web_client import Unreached
from tests.domains.probing.clients import HOST, IMPATIENT, LOCAL, client, server_tls, trusting
from tests.running import free_port
from tests.web_server import Behaviour, WebServer, ok, repeats, resets, says, waits

LONG_AGO = datetime(2020, 1, 1, tzinfo=timezone.utc)  # noqa: UP017 - trustme compares it


def fetch(behaviour: Behaviour, **settings: object) -> HttpAnswer:
    """Return what a client makes of a server that behaves so."""
    with WebServer(behaviour) as server:
        asking = client(http_port=server.port, **settings)
        return asking.get(Scheme.HTTP, HOST, "/path", LOCAL)[0]


def unreached(behaviour: Behaviour, **settings: object) -> tuple[Reached, str]:
    with pytest.raises(Unreached) as caught:
        fetch(behaviour, **settings)
    return caught.value.answer.reached, caught.value.answer.detail


class TestAnswers:
    def test_one_request_for_the_host_at_the_address(self) -> None:
        with WebServer(says(ok(b"hello", b"Server: test", b"X-Twice: 1", b"x-twice: 2"))) as server:
            answer, address = client(http_port=server.port).get(Scheme.HTTP, HOST, "/path", LOCAL)
        assert (answer.status, answer.body, address) == (200, b"hello", "127.0.0.1")
        assert answer.header("server") == "test"
        assert answer.headers["x-twice"] == ["1", "2"]
        assert server.requests == [
            f"GET /path HTTP/1.1\r\nHost: {HOST}:{server.port}\r\n"
            "User-Agent: waypost-probe\r\nConnection: close\r\n\r\n".encode()
        ]

    def test_a_connection_that_stays_open_is_not_waited_for(self) -> None:
        assert fetch(waits(ok(b"hello"))).body == b"hello"

    def test_a_body_that_ends_with_the_connection(self) -> None:
        assert fetch(says(b"HTTP/1.0 200 OK\r\n\r\nhello")).body == b"hello"

    def test_a_chunked_body(self) -> None:
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert fetch(says(head + b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n")).body == b"hello"

    @pytest.mark.parametrize("status", [100, 102, 103])
    def test_interim_responses_are_passed_over(self, status: int) -> None:
        interim = b"HTTP/1.1 %d Wait\r\nServer: interim\r\n\r\n" % status
        answer = fetch(says(interim * 3 + ok(b"hello")))
        assert (answer.status, answer.body, answer.header("server")) == (200, b"hello", "")

    def test_a_redirect_is_not_followed(self) -> None:
        answer = fetch(says(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n"))
        assert (answer.status, answer.header("location")) == (302, "http://127.0.0.1/")

    def test_of_a_huge_body_a_part_is_read(self) -> None:
        endless = repeats(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536)
        assert 0 < len(fetch(endless).body) < MAX_ANSWER + 65536

    def test_a_body_that_drips_is_cut_in_time(self) -> None:
        dripping = repeats(b"HTTP/1.1 200 OK\r\n\r\n", b"x", pause=0.01)
        assert fetch(dripping, limits=IMPATIENT).status == 200


class TestNoAnswer:
    @pytest.mark.parametrize(
        ("behaviour", "complaint"),
        [
            (waits(), "did not answer in time"),
            (waits(b"HTTP/1.1 200 OK\r\nServer: "), "did not answer in time"),
            (repeats(b"HTTP/1.1 200 OK\r\n", b"X-Drip: 1\r\n", pause=0.01), "did not answer in time"),
        ],
        ids=["silence", "half a head", "a head that drips"],
    )
    def test_the_slow(self, behaviour: Behaviour, complaint: str) -> None:
        assert unreached(behaviour, limits=IMPATIENT) == (Reached.NOBODY, f"127.0.0.1 {complaint}")

    @pytest.mark.parametrize("behaviour", [says(b""), resets, says(b"HTTP/1.1 200 OK\r\nServer: x\r\n")])
    def test_the_curt(self, behaviour: Behaviour) -> None:
        closed = "127.0.0.1 closed the connection without an answer"
        assert unreached(behaviour) == (Reached.NOBODY, closed)

    @pytest.mark.parametrize(
        "behaviour",
        [
            says(b"220 mail.example.com ESMTP\r\n"),
            says(b"\x00\xff" * 100),
            says("HTTP/1.1 200 OK\r\nSërver\u2028: x\r\n\r\n".encode()),
            says(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
            says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nx"),
        ],
        ids=["SMTP", "bytes", "a bad header name", "two lengths", "another protocol"],
    )
    def test_the_wrong_protocol(self, behaviour: Behaviour) -> None:
        assert unreached(behaviour) == (Reached.OTHER, "127.0.0.1 gave an answer that is not HTTP")

    @pytest.mark.parametrize(
        "behaviour",
        [
            repeats(b"HTTP/1.1 200 OK\r\n", b"X-Endless: 1\r\n" * 1000),
            repeats(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
        ],
        ids=["headers", "interim responses"],
    )
    def test_the_endless(self, behaviour: Behaviour) -> None:
        reached, detail = unreached(behaviour)
        assert reached is Reached.OTHER
        assert detail == "127.0.0.1 sent 64 KiB without coming to its answer"

    def test_nobody_listens(self) -> None:
        port = free_port()
        with pytest.raises(Unreached) as caught:
            client(http_port=port).get(Scheme.HTTP, HOST, "/", LOCAL)
        assert caught.value.answer.reached is Reached.NOBODY
        assert caught.value.answer.detail == f"127.0.0.1 port {port} refused the connection"

    def test_the_first_address_that_takes_the_connection_is_asked(self) -> None:
        with WebServer(says(ok())) as server:
            asking = client(http_port=server.port)
            assert asking.get(Scheme.HTTP, HOST, "/", ["127.0.0.2", "::1", *LOCAL])[1] == "127.0.0.1"


class TestAddresses:
    @pytest.mark.parametrize(
        "address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1"]
    )
    def test_private_ones_are_not_asked(self, address: str) -> None:
        with pytest.raises(Unreached) as caught:
            client(allow_private=False).get(Scheme.HTTP, HOST, "/", [address])
        assert caught.value.answer.reached is Reached.NOT_ALLOWED
        assert address in caught.value.answer.detail

    def test_our_own_are_asked_though_they_are_private(self) -> None:
        with WebServer(says(ok())) as server:
            asking = client(http_port=server.port, allow_private=False)
            assert asking.get(Scheme.HTTP, HOST, "/", ["10.0.0.1", *LOCAL], LOCAL)[0].status == 200
        assert len(server.requests) == 1

    def test_without_an_address_nothing_is_asked(self) -> None:
        with pytest.raises(Unreached) as caught:
            client().get(Scheme.HTTP, HOST, "/", [])
        assert caught.value.answer.reached is Reached.NOT_PROBED

    @pytest.mark.parametrize("scheme", Scheme)
    def test_a_port_of_nought_switches_off(self, scheme: Scheme) -> None:
        with pytest.raises(Unreached) as caught:
            client(http_port=0, https_port=0).get(scheme, HOST, "/", LOCAL)
        assert caught.value.answer.reached is Reached.NOT_PROBED


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


class TestTls:
    def refused(self, certificate: trustme.LeafCert, trust: ssl.SSLContext) -> tuple[Reached, str]:
        with WebServer(says(ok()), server_tls(certificate)) as server, pytest.raises(Unreached) as caught:
            client(trust, https_port=server.port).get(Scheme.HTTPS, HOST, "/", LOCAL)
        assert server.requests == []
        return caught.value.answer.reached, caught.value.answer.detail

    def test_a_trusted_certificate(self, authority: trustme.CA) -> None:
        with WebServer(says(ok(b"hello")), server_tls(authority.issue_cert(HOST))) as server:
            asking = client(trusting(authority), https_port=server.port)
            assert asking.get(Scheme.HTTPS, HOST, "/", LOCAL)[0].body == b"hello"
        assert server.names == [HOST]

    def test_of_an_unknown_authority(self, authority: trustme.CA) -> None:
        reached, detail = self.refused(authority.issue_cert(HOST), trusting(trustme.CA()))
        assert reached is Reached.UNTRUSTED
        assert "its certificate comes from an authority that is not trusted" in detail

    def test_for_another_name(self, authority: trustme.CA) -> None:
        reached, detail = self.refused(authority.issue_cert("other.example.com"), trusting(authority))
        assert (reached, detail) == (Reached.UNTRUSTED, "127.0.0.1: its certificate is for another name")

    def test_expired(self, authority: trustme.CA) -> None:
        expired = authority.issue_cert(HOST, not_after=LONG_AGO)
        reached, detail = self.refused(expired, trusting(authority))
        assert (reached, detail) == (Reached.UNTRUSTED, "127.0.0.1: its certificate has expired")

    def test_no_tls_at_all(self, authority: trustme.CA) -> None:
        def speak_plainly(listener: socket.socket) -> None:
            with listener.accept()[0] as connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        reached, detail = self.against(speak_plainly, authority)
        assert (reached, detail) == (Reached.UNTRUSTED, "127.0.0.1: it does not speak TLS there")

    def test_closed_in_the_handshake(self, authority: trustme.CA) -> None:
        reached, detail = self.against(lambda listener: listener.accept()[0].close(), authority)
        closed = "127.0.0.1: it closed the connection during the TLS handshake"
        assert (reached, detail) == (Reached.UNTRUSTED, closed)

    def test_no_certificate_for_the_name(self, authority: trustme.CA) -> None:
        tls = server_tls(authority.issue_cert(HOST))
        with WebServer(says(ok()), tls) as server:
            tls.sni_callback = lambda *_: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
            asking = client(trusting(authority), https_port=server.port)
            with pytest.raises(Unreached) as caught:
                asking.get(Scheme.HTTPS, HOST, "/", LOCAL)
        assert caught.value.answer.detail == "127.0.0.1: it has no certificate for this name"

    def test_a_handshake_that_never_ends(self, authority: trustme.CA) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            asking = client(trusting(authority), https_port=port, limits=IMPATIENT)
            with pytest.raises(Unreached) as caught:
                asking.get(Scheme.HTTPS, HOST, "/", LOCAL)
        in_time = "127.0.0.1 did not answer in time"
        assert (caught.value.answer.reached, caught.value.answer.detail) == (Reached.NOBODY, in_time)

    def against(self, behave: Callable[[socket.socket], None], authority: trustme.CA) -> tuple[Reached, str]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=behave, args=(listener,))
            thread.start()
            port = listener.getsockname()[1]
            with pytest.raises(Unreached) as caught:
                client(trusting(authority), https_port=port).get(Scheme.HTTPS, HOST, "/", LOCAL)
            thread.join()
        return caught.value.answer.reached, caught.value.answer.detail
