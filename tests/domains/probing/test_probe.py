import socket

import pytest
import trustme

from domains.dns_answer import DnsAnswer, DnsStatus
from domains.evidence import Evidence, HstsPolicy, Reached
from domains.model import Scheme
from domains.probing.probe import Probe
from domains.probing.web_client import WebClient
from links import KeyRing, parse_probe_path, prove
from tests.domains.builders import NOW, tracking_domain
from tests.domains.probing.clients import HOST, LOCAL, client, server_tls, trusting
from tests.links.rings import OTHER_SECRET, ring
from tests.running import free_port
from tests.web_server import Behaviour, WebServer, ok, says

DOMAIN = tracking_domain(HOST)
RING = ring()
NONCE = bytes(range(16))


def evidence(*addresses: str) -> Evidence:
    dns = DnsAnswer(host=HOST, status=DnsStatus.FOUND, chain=(DOMAIN.target,), addresses=addresses)
    return Evidence(at=NOW, dns=dns)


def probe(web: WebClient) -> Probe:
    return Probe(client=web, ring=lambda: RING, random_bytes=lambda size: NONCE[:size])


def tracker(proving: KeyRing = RING, host: str = HOST, *headers: bytes) -> Behaviour:
    """Answer a probe as a node with that ring, asked for that host."""

    def behave(connection: socket.socket, request: bytes) -> None:
        nonce = parse_probe_path(request.split()[1].decode())
        assert nonce == NONCE.hex()
        connection.sendall(ok(prove(proving.sealing(0), nonce, host).encode() + b"\n", *headers))

    return behave


def ask(behaviour: Behaviour) -> tuple[Reached, str, str]:
    with WebServer(behaviour) as server:
        answer, policy = probe(client(http_port=server.port)).ask(Scheme.HTTP, DOMAIN, evidence(*LOCAL))
    assert policy is None
    assert answer.address == LOCAL[0]
    return answer.reached, answer.detail, answer.server


def test_this_installation() -> None:
    assert ask(tracker()) == (Reached.OURS, "", "")


def test_this_installation_asked_by_the_name_of_its_target() -> None:
    assert ask(tracker(host=DOMAIN.target))[0] is Reached.OURS


def test_another_installation() -> None:
    reached, detail, _ = ask(tracker(KeyRing.first(OTHER_SECRET, now=0)))
    assert (reached, detail) == (Reached.OTHER, "127.0.0.1 answers 200")


def test_a_proof_for_another_host() -> None:
    assert ask(tracker(host="other.example.com"))[0] is Reached.OTHER


def test_another_web_server_and_what_it_says_of_itself() -> None:
    head = b"HTTP/1.1 404 Not Found\r\nServer: ngi\xe9nx[2J %s\r\nContent-Length: 0\r\n\r\n" % (b"x" * 100)
    reached, detail, server = ask(says(head))
    assert (reached, detail) == (Reached.OTHER, "127.0.0.1 answers 404")
    assert server.startswith("ngi?nx[2J x")
    assert len(server) == 80


@pytest.mark.parametrize(
    ("location", "told"),
    [
        (b"https://www.example.com/a?b", "and leads on to https://www.example.com"),
        (b"/elsewhere", "and leads on to another page of its own"),
        (b"https://[bad", "and leads on to a URL that is none"),
        (b"https://w\xe9/", "and leads on to https://w?"),
    ],
)
def test_a_redirect_is_told_by_its_host(location: bytes, told: str) -> None:
    head = b"HTTP/1.1 301 Moved\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % location
    assert ask(says(head))[:2] == (Reached.OTHER, f"127.0.0.1 answers 301 {told}")


def test_nobody() -> None:
    answer, policy = probe(client(http_port=free_port())).ask(Scheme.HTTP, DOMAIN, evidence(*LOCAL))
    assert (answer.reached, answer.status, policy) == (Reached.NOBODY, None, None)


def test_no_address() -> None:
    answer, _ = probe(client()).ask(Scheme.HTTP, DOMAIN, evidence())
    assert answer.reached is Reached.NOT_PROBED


POLICY = b"Strict-Transport-Security: max-age=60"


@pytest.mark.parametrize(
    "behaviour", [tracker(RING, HOST, POLICY), says(ok(b"", POLICY))], ids=["ours", "other"]
)
def test_https_with_a_policy(behaviour: Behaviour) -> None:
    authority = trustme.CA()
    with WebServer(behaviour, server_tls(authority.issue_cert(HOST))) as server:
        web = client(trusting(authority), https_port=server.port)
        answer, policy = probe(web).ask(Scheme.HTTPS, DOMAIN, evidence(*LOCAL))
    assert answer.status == 200
    assert policy == HstsPolicy(host=HOST, max_age=60)


def test_over_http_a_policy_counts_for_nothing() -> None:
    """RFC 6797 section 8.1."""
    assert ask(says(ok(b"", POLICY)))[0] is Reached.OTHER
