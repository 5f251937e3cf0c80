import socket
from collections.abc import Iterator

import pytest

from domains.dns_answer import DnsStatus
from domains.lookup import recursor
from domains.lookup.exchange import Server
from service.domain_checks.lookup import resolver
from service.settings import DomainsSection, Settings
from tests.dns_server import DnsServer, Failure

HOST = "track.example.com"


@pytest.fixture
def server() -> Iterator[DnsServer]:
    """A recursor that knows of no answer for the host, and says that its zone is served on this machine."""
    with DnsServer() as running:
        running.add("example.com", "NS", "ns1.example.com")
        running.add("ns1.example.com", "A", "127.0.0.1")
        running.fail(HOST, Failure.SERVFAIL)
        yield running


def detail(section: DomainsSection) -> str:
    answer = resolver(Settings(domains=section)).look_up(HOST)
    assert answer.status is DnsStatus.UNKNOWN
    return answer.detail


def test_only_the_name_servers_that_are_set_are_asked(server: DnsServer) -> None:
    section = DomainsSection(nameservers=("127.0.0.1",), nameserver_port=server.port)
    assert detail(section) == f"the DNS server 127.0.0.1 port {server.port} answered SERVFAIL"
    assert {question.kind for question in server.questions} == {"CNAME"}


@pytest.mark.parametrize("allowed", [True, False])
def test_authorities_at_private_addresses_are_asked_where_that_is_allowed(
    server: DnsServer, monkeypatch: pytest.MonkeyPatch, allowed: bool
) -> None:
    system = [Server(address="127.0.0.1", port=server.port)]
    monkeypatch.setattr(recursor, "_system_servers", lambda: system)
    said = detail(DomainsSection(allow_private_addresses=allowed, dns_seconds=1.0))
    assert ("the DNS server ns1.example.com (127.0.0.1) " in said) is allowed
    assert ("no DNS server of example.com has an address that may be asked" in said) is not allowed


def test_a_silent_server_leaves_patience_for_the_next(server: DnsServer) -> None:
    server.fail(HOST, None)
    server.add(HOST, "CNAME", "links.waypost.test")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.2", server.port))  # takes questions, and never answers
        section = DomainsSection(
            nameservers=("127.0.0.2", "127.0.0.1"), nameserver_port=server.port, dns_seconds=2.0
        )
        answer = resolver(Settings(domains=section)).look_up(HOST)
    assert answer.chain == ("links.waypost.test",)
