"""Knot DNS as the authority, Unbound as the recursor."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from domains.dns_answer import DnsStatus
from domains.evidence import CaaStatus
from domains.lookup.authoritative import Authorities
from domains.lookup.delegations import Delegations
from domains.lookup.recursor import Recursor
from domains.lookup.resolver import Resolver
from tests.knot import NEGATIVE_TTL, PATIENCE, Knot
from tests.running import free_port
from tests.unbound import Unbound

TARGET = "links.waypost.test"
ADDRESSES = ("192.0.2.10", "2001:db8::10")
CUSTOMER = f"""
track CNAME {TARGET}.
chain CNAME edge.cdn.test.
dangling CNAME gone.waypost.test.
flat A 192.0.2.10
dot CNAME links.waypost.test
@ CAA 0 issue "ca.test"
@ MX 10 mail
_waypost.track TXT "proof"
delegated NS ns.delegated
ns.delegated A 127.0.0.3
"""
ZONES = {
    "test": "",
    "customer.test": CUSTOMER,
    "cdn.test": f"edge CNAME {TARGET}.",
    "waypost.test": 'links A 192.0.2.10\nlinks AAAA 2001:db8::10\nlinks CAA 0 issue "letsencrypt.org"',
}
DELEGATED = {"delegated.customer.test": "@ A 192.0.2.10"}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    knot: Knot
    direct: Resolver  # asks the authorities
    behind: Resolver  # asks the recursor alone


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    port = free_port()
    zones = dict.fromkeys(ZONES, "127.0.0.2") | dict.fromkeys(DELEGATED, "127.0.0.3")
    with (
        Knot("127.0.0.2", port, ZONES) as knot,
        Knot("127.0.0.3", port, DELEGATED),
        Unbound("127.0.0.1", port, zones) as unbound,
    ):
        recursor = Recursor([unbound.address], port)
        delegations = Delegations(recursor, may_ask=lambda _: True, monotonic=time.monotonic, port=port)
        yield World(
            knot=knot,
            direct=Resolver(recursor, Authorities(delegations)),
            behind=Resolver(recursor),
        )


@pytest.mark.parametrize("way", ["direct", "behind"])
def test_chains_and_addresses(world: World, way: str) -> None:
    resolver: Resolver = getattr(world, way)
    for host, chain in (("track", (TARGET,)), ("chain", ("edge.cdn.test", TARGET))):
        answer = resolver.look_up(f"{host}.customer.test")
        assert (answer.status, answer.chain, answer.addresses) == (DnsStatus.FOUND, chain, ADDRESSES)
        assert answer.beside == ()
    assert resolver.look_up("dangling.customer.test").addresses == ()
    assert resolver.look_up("dot.customer.test").chain == ("links.waypost.test.customer.test",)
    assert resolver.look_up("flat.customer.test").status is DnsStatus.ADDRESS_ONLY
    assert resolver.look_up("customer.test").status is DnsStatus.NO_RECORD
    assert resolver.addresses_of(TARGET) == ADDRESSES


@pytest.mark.parametrize("way", ["direct", "behind"])
def test_caa_and_text(world: World, way: str) -> None:
    resolver: Resolver = getattr(world, way)
    at_target = resolver.caa_for("track.customer.test", "letsencrypt.org")
    assert (at_target.status, at_target.found_at) == (CaaStatus.ALLOWED, "track.customer.test")
    at_root = resolver.caa_for("flat.customer.test", "letsencrypt.org")
    assert (at_root.status, at_root.found_at) == (CaaStatus.FORBIDDEN, "customer.test")
    assert resolver.txt_records("_waypost.track.customer.test") == ("proof",)
    assert resolver.txt_records("_waypost.flat.customer.test") == ()


def test_who_answered(world: World) -> None:
    port = world.knot.port
    host = "track.customer.test"
    assert world.direct.look_up(host).asked == f"ns.customer.test (127.0.0.2 port {port})"
    assert world.behind.look_up(host).asked == f"the resolver 127.0.0.1 port {port}"


def test_a_delegated_subdomain_is_answered_by_its_own_server(world: World) -> None:
    answer = world.direct.look_up("delegated.customer.test")
    assert (answer.status, answer.addresses) == (DnsStatus.ADDRESS_ONLY, ("192.0.2.10",))
    assert answer.asked == f"ns.delegated.customer.test (127.0.0.3 port {world.knot.port})"


def test_a_new_record_is_seen_while_the_recursor_still_remembers_that_there_was_none(world: World) -> None:
    host = "new.customer.test"
    assert world.behind.look_up(host).status is DnsStatus.NO_RECORD
    assert world.direct.look_up(host).status is DnsStatus.NO_RECORD
    world.knot.add("customer.test", f"new CNAME {TARGET}.")
    assert world.direct.look_up(host).chain == (TARGET,)
    assert world.behind.look_up(host).status is DnsStatus.NO_RECORD
    deadline = time.monotonic() + NEGATIVE_TTL + PATIENCE
    while world.behind.look_up(host).status is DnsStatus.NO_RECORD:
        assert time.monotonic() < deadline, "the recursor never saw the record"
        time.sleep(0.1)
    assert world.behind.look_up(host).chain == (TARGET,)
