"""The use cases on a store, a DNS and a clock of the test's own."""

from collections.abc import Callable
from datetime import datetime

import pytest

from domains.claims import Claims
from domains.dns_answer import DnsAnswer, DnsStatus, Unanswered
from domains.evidence import Evidence, ProbeAnswer, Reached
from domains.history import Change
from domains.model import TrackingDomain
from domains.rules import CheckPolicy
from domains.sending_domains import SendingDomains
from domains.tracking_domains import TrackingDomains
from tests.domains.builders import NOW, PROJECT
from tests.domains.memory_store import MemoryStore

TARGET, SECOND_TARGET = "links.waypost.test", "eu.waypost.test"
ADDRESS = "192.0.2.10"
TRACK, OTHER = "track.example.com", "click.example.com"


class FakeDns:
    """Answers from `chains`; a host that is not there has no record. `during` runs within each look-up."""

    def __init__(self) -> None:
        self.chains: dict[str, tuple[str, ...]] = {}
        self.texts: dict[str, tuple[str, ...]] = {}
        self.asked_for_texts: list[str] = []
        self.fault = ""
        self.during: Callable[[], object] = lambda: None

    def look_up(self, host: str) -> DnsAnswer:
        self.during()
        if self.fault:
            return DnsAnswer(host=host, status=DnsStatus.UNKNOWN, detail=self.fault)
        chain = self.chains.get(host, ())
        status = DnsStatus.FOUND if chain else DnsStatus.NO_RECORD
        return DnsAnswer(host=host, status=status, chain=chain, addresses=(ADDRESS,) if chain else ())

    def txt_records(self, name: str) -> tuple[str, ...]:
        self.during()
        self.asked_for_texts.append(name)
        if self.fault:
            raise Unanswered(self.fault)
        return self.texts.get(name, ())


class CountingBytes:
    """Bytes that are never the same twice, and no more random than that."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, size: int) -> bytes:
        self._count += 1
        return self._count.to_bytes(size)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class FakeCheck:
    """A `domains.ports.DomainCheck` that asks `dns` alone; all targets have the address of `ADDRESS`."""

    def __init__(self, dns: FakeDns, clock: Clock) -> None:
        self._dns = dns
        self._clock = clock
        self.https = Reached.NOT_PROBED

    def look_at(self, domain: TrackingDomain, seen: Callable[[Evidence], None]) -> Evidence:
        evidence = Evidence(
            at=self._clock(),
            dns=self._dns.look_up(domain.name),
            target_addresses=(ADDRESS,),
            https=ProbeAnswer(reached=self.https),
        )
        seen(evidence)
        return evidence


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def dns() -> FakeDns:
    return FakeDns()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def check(dns: FakeDns, clock: Clock) -> FakeCheck:
    return FakeCheck(dns, clock)


@pytest.fixture
def announced() -> list[Change]:
    """What `domains` announced."""
    return []


@pytest.fixture
def domains_of(
    store: MemoryStore,
    check: FakeCheck,
    dns: FakeDns,
    clock: Clock,
    announced: list[Change],
    random_bytes: CountingBytes,
) -> Callable[[int], TrackingDomains]:
    """Return the use cases of the tracking domains of a project."""
    return lambda project: TrackingDomains(
        store=store,
        check=check,
        policy=CheckPolicy(targets=(TARGET, SECOND_TARGET)),
        clock=clock,
        jitter=lambda: 0.5,
        announce=announced.append,
        claims=claims_of(project, store, dns, clock, random_bytes),
        project=project,
    )


@pytest.fixture
def domains(domains_of: Callable[[int], TrackingDomains]) -> TrackingDomains:
    return domains_of(PROJECT)


def claims_of(
    project: int, store: MemoryStore, dns: FakeDns, clock: Clock, random_bytes: CountingBytes
) -> Claims:
    """Return the claims of a project."""
    return Claims(store=store, txt=dns, random_bytes=random_bytes, clock=clock, project=project)


@pytest.fixture
def claims(store: MemoryStore, dns: FakeDns, clock: Clock, random_bytes: CountingBytes) -> Claims:
    return claims_of(PROJECT, store, dns, clock, random_bytes)


@pytest.fixture
def random_bytes() -> CountingBytes:
    return CountingBytes()


@pytest.fixture
def senders_of(
    store: MemoryStore, dns: FakeDns, clock: Clock, random_bytes: CountingBytes
) -> Callable[[int], SendingDomains]:
    """Return the use cases of the sending domains of a project."""
    return lambda project: SendingDomains(
        store=store,
        claims=claims_of(project, store, dns, clock, random_bytes),
        clock=clock,
        project=project,
    )


@pytest.fixture
def senders(senders_of: Callable[[int], SendingDomains]) -> SendingDomains:
    return senders_of(PROJECT)


@pytest.fixture
def verified(domains: TrackingDomains, dns: FakeDns) -> TrackingDomains:
    """Tracking domains with `TRACK` verified."""
    domains.add(TRACK)
    dns.chains[TRACK] = (TARGET,)
    domains.verify(TRACK)
    return domains
