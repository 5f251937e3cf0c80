from collections.abc import Iterator
from itertools import pairwise

import dns.message
import dns.resolver
import pytest

from domains.dns_answer import DnsAnswer, DnsStatus, Unanswered
from domains.lookup.recursor import Recursor
from domains.lookup.resolver import TARGET_SECONDS, Resolver
from tests.dns_server import DnsServer, Failure, Question

HOST = "track.example.com"
TARGET = "links.waypost.test"


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer() as running:
        yield running


def resolver(server: DnsServer) -> Resolver:
    return Resolver(Recursor(["127.0.0.1"], server.port, timeout=5), lifetime=10)


def impatient(server: DnsServer) -> Resolver:
    return Resolver(Recursor(["127.0.0.1"], server.port, timeout=0.2), lifetime=0.3)


def test_the_chain_is_followed_to_its_addresses(server: DnsServer) -> None:
    server.add(HOST, "CNAME", "Edge.Example.NET")
    server.add("edge.example.net", "CNAME", TARGET)
    server.add(TARGET, "A", "192.0.2.10")
    server.add(TARGET, "A", "192.0.2.11")
    server.add(TARGET, "AAAA", "2001:db8::10")
    assert resolver(server).look_up(HOST) == DnsAnswer(
        host=HOST,
        status=DnsStatus.FOUND,
        chain=("edge.example.net", TARGET),
        addresses=("192.0.2.10", "192.0.2.11", "2001:db8::10"),
        asked=f"the resolver 127.0.0.1 port {server.port}",
    )


def test_an_unknown_name_is_no_record(server: DnsServer) -> None:
    assert resolver(server).look_up(HOST).status is DnsStatus.NO_RECORD
    assert server.questions == [
        Question(HOST, "CNAME", "udp"),
        Question(HOST, "A", "udp"),
        Question(HOST, "AAAA", "udp"),
    ]


def test_a_name_without_such_records_is_no_record(server: DnsServer) -> None:
    server.add(HOST, "TXT", "hello")
    assert resolver(server).look_up(HOST).status is DnsStatus.NO_RECORD


def test_addresses_in_place_of_a_cname(server: DnsServer) -> None:
    server.add(HOST, "A", "192.0.2.80")
    answer = resolver(server).look_up(HOST)
    assert (answer.status, answer.addresses) == (DnsStatus.ADDRESS_ONLY, ("192.0.2.80",))


def test_a_cname_to_nothing_is_found(server: DnsServer) -> None:
    server.add(HOST, "CNAME", "links.waypost.test.example.com")
    answer = resolver(server).look_up(HOST)
    assert (answer.status, answer.chain) == (DnsStatus.FOUND, ("links.waypost.test.example.com",))


def test_several_cnames_are_seen(server: DnsServer) -> None:
    server.add(HOST, "CNAME", TARGET)
    server.add(HOST, "CNAME", "old.example.net")
    answer = resolver(server).look_up(HOST)
    assert answer.status is DnsStatus.BROKEN
    assert f"2 CNAME records ({TARGET}, old.example.net)" in answer.detail


def test_a_circle_is_broken(server: DnsServer) -> None:
    server.add(HOST, "CNAME", "a.example.net")
    server.add("a.example.net", "CNAME", HOST)
    assert resolver(server).look_up(HOST).status is DnsStatus.BROKEN


def test_records_may_change_between_look_ups(server: DnsServer) -> None:
    asking = resolver(server)
    assert asking.look_up(HOST).status is DnsStatus.NO_RECORD
    server.set(HOST, "CNAME", TARGET)
    assert asking.look_up(HOST).chain == (TARGET,)
    server.remove(HOST)
    assert asking.look_up(HOST).status is DnsStatus.NO_RECORD


@pytest.mark.parametrize("failure", [Failure.SERVFAIL, Failure.REFUSED])
def test_a_refusing_server_is_unknown_and_named(server: DnsServer, failure: Failure) -> None:
    server.add(HOST, "CNAME", TARGET)
    server.fail_all(failure)
    answer = resolver(server).look_up(HOST)
    assert answer.status is DnsStatus.UNKNOWN
    assert answer.detail == f"the DNS server 127.0.0.1 port {server.port} answered {failure.name}"


def test_a_server_that_refuses_is_not_asked_twice(server: DnsServer) -> None:
    server.fail_all(Failure.REFUSED)
    resolver(server).look_up(HOST)
    assert len(server.questions) == 1


def test_a_lost_datagram_is_sent_again(server: DnsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.add(HOST, "CNAME", TARGET)
    reply, lost = server.reply, iter([True])

    def unreliable(wire: bytes, transport: str) -> bytes | None:
        return None if next(lost, False) else reply(wire, transport)

    monkeypatch.setattr(server, "reply", unreliable)
    asking = Resolver(Recursor(["127.0.0.1"], server.port, timeout=0.3), lifetime=10)
    assert asking.look_up(HOST).chain == (TARGET,)


def test_a_silent_server_is_unknown(server: DnsServer) -> None:
    server.add(HOST, "CNAME", TARGET)
    server.fail_all(Failure.DROP)
    answer = impatient(server).look_up(HOST)
    assert answer.status is DnsStatus.UNKNOWN
    assert answer.detail == f"the DNS server 127.0.0.1 port {server.port} did not answer in time"


def test_a_referral_is_unknown(server: DnsServer) -> None:
    server.fail_all(Failure.REFERRAL)
    answer = resolver(server).look_up(HOST)
    assert answer.status is DnsStatus.UNKNOWN
    assert "refers to others" in answer.detail


def test_a_lying_nxdomain_is_taken_at_its_word(server: DnsServer) -> None:
    server.add(HOST, "CNAME", TARGET)
    server.fail(HOST, Failure.NXDOMAIN)
    assert resolver(server).look_up(HOST).status is DnsStatus.NO_RECORD


def test_a_truncated_answer_is_asked_again_by_tcp(server: DnsServer) -> None:
    server.add(HOST, "CNAME", TARGET)
    server.fail(HOST, Failure.TRUNCATE)
    answer = resolver(server).look_up(HOST)
    assert (answer.status, answer.chain) == (DnsStatus.FOUND, (TARGET,))
    assert server.questions[:2] == [Question(HOST, "CNAME", "udp"), Question(HOST, "CNAME", "tcp")]


@pytest.mark.parametrize("failure", [Failure.NO_EDNS, Failure.SLOW])
def test_an_old_or_slow_server_is_understood(server: DnsServer, failure: Failure) -> None:
    server.add(HOST, "CNAME", TARGET)
    server.fail_all(failure)
    assert resolver(server).look_up(HOST).chain == (TARGET,)


@pytest.mark.parametrize("failure", [Failure.FOREIGN_ID, Failure.GARBAGE])
def test_what_is_no_answer_to_the_question_is_not_believed(server: DnsServer, failure: Failure) -> None:
    server.add(HOST, "CNAME", TARGET)
    server.fail_all(failure)
    answer = impatient(server).look_up(HOST)
    assert (answer.status, answer.chain) == (DnsStatus.UNKNOWN, ())


def test_a_chain_without_end_is_broken(server: DnsServer) -> None:
    names = [HOST, *(f"c{number}.example.net" for number in range(100))]
    for name, after in pairwise(names):
        server.add(name, "CNAME", after)
    assert resolver(server).look_up(HOST).status is DnsStatus.BROKEN
    assert len(server.questions) < 20


def test_a_target_is_asked_for_once_within_seconds(server: DnsServer) -> None:
    now = 0.0
    asking = Resolver(Recursor(["127.0.0.1"], server.port), monotonic=lambda: now)
    server.add(TARGET, "A", "192.0.2.10")
    assert asking.addresses_of(TARGET) == asking.addresses_of(TARGET) == ("192.0.2.10",)
    assert len(server.questions) == 3
    server.set(TARGET, "A", "192.0.2.11")
    now = TARGET_SECONDS
    assert asking.addresses_of(TARGET) == ("192.0.2.11",)


def test_a_target_out_of_reach_has_no_addresses(server: DnsServer) -> None:
    server.fail_all(Failure.SERVFAIL)
    assert resolver(server).addresses_of(TARGET) == ()


def test_half_of_the_addresses_of_a_target_are_none(
    server: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.add(TARGET, "A", "192.0.2.10")
    reply = server.reply

    def without_ipv6(wire: bytes, transport: str) -> bytes | None:
        server.fail(TARGET, Failure.SERVFAIL if b"\x00\x1c\x00\x01" in wire else None)  # AAAA IN
        return reply(wire, transport)

    monkeypatch.setattr(server, "reply", without_ipv6)
    assert resolver(server).look_up(TARGET).addresses == ("192.0.2.10",)
    assert resolver(server).addresses_of(TARGET) == ()


def test_text_records_are_whole(server: DnsServer) -> None:
    server.add("_waypost.example.com", "TXT", '"waypost-" "proof=1"')
    server.add("_waypost.example.com", "TXT", '"other"')
    assert resolver(server).txt_records("_waypost.example.com") == ("waypost-proof=1", "other")


def test_text_records_behind_a_cname(server: DnsServer) -> None:
    server.add("_waypost.example.com", "CNAME", "proofs.example.net")
    server.add("proofs.example.net", "TXT", "proof")
    assert resolver(server).txt_records("_waypost.example.com") == ("proof",)


def test_no_text_record_is_a_definite_no(server: DnsServer) -> None:
    assert resolver(server).txt_records("_waypost.example.com") == ()


@pytest.mark.parametrize("name", [HOST, "a" * 64 + ".example.com"])
def test_text_records_that_cannot_be_had(server: DnsServer, name: str) -> None:
    server.fail_all(Failure.SERVFAIL)
    with pytest.raises(Unanswered):
        resolver(server).txt_records(name)


def test_a_fault_behind_the_host_keeps_what_was_seen(server: DnsServer) -> None:
    server.add(HOST, "CNAME", TARGET)
    server.fail(TARGET, Failure.SERVFAIL)
    answer = resolver(server).look_up(HOST)
    assert (answer.status, answer.chain) == (DnsStatus.UNKNOWN, (TARGET,))


def test_the_next_server_is_asked_where_one_fails(server: DnsServer) -> None:
    server.add(HOST, "CNAME", TARGET)
    # 127.0.0.2 is this machine too, but nothing listens there.
    asking = Resolver(Recursor(["127.0.0.2", "127.0.0.1"], server.port, timeout=0.05), lifetime=2)
    assert asking.look_up(HOST).chain == (TARGET,)


def test_the_whole_look_up_has_one_deadline(server: DnsServer) -> None:
    server.add(HOST, "CNAME", TARGET)
    recursor = Recursor(["127.0.0.1"], server.port, timeout=5)
    # Eleven seconds pass with each question.
    asking = Resolver(recursor, lifetime=10, monotonic=lambda: 11.0 * len(server.questions))
    answer = asking.look_up(HOST)
    assert (answer.status, answer.chain) == (DnsStatus.UNKNOWN, (TARGET,))
    assert answer.detail == "the DNS servers took longer than 10 seconds"
    assert len(server.questions) == 1


def test_answers_of_1232_bytes_are_asked_for(server: DnsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    payloads = []
    reply = server.reply

    def watched(wire: bytes, transport: str) -> bytes | None:
        payloads.append(dns.message.from_wire(wire).payload)
        return reply(wire, transport)

    monkeypatch.setattr(server, "reply", watched)
    resolver(server).look_up(HOST)
    assert payloads == [1232] * 3


def test_a_name_server_is_an_address() -> None:
    with pytest.raises(ValueError, match="IP address"):
        Recursor(["dns.example.com"])


def test_the_system_is_asked_where_no_server_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def unconfigured(self: dns.resolver.Resolver, *_: object) -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", unconfigured)
    monkeypatch.setattr(dns.resolver.Resolver, "read_registry", unconfigured)
    answer = Resolver(Recursor()).look_up(HOST)
    assert (answer.status, answer.detail) == (
        DnsStatus.UNKNOWN,
        "this machine has no DNS server configured",
    )


def test_the_system_is_left_alone_where_servers_are_set(
    server: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(self: dns.resolver.Resolver, *_: object) -> None:
        raise AssertionError("the system's configuration was read")

    monkeypatch.setattr(dns.resolver.Resolver, "read_resolv_conf", forbidden)
    assert resolver(server).look_up(HOST).status is DnsStatus.NO_RECORD
