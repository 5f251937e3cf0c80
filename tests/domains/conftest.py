"""The use cases on a store, a DNS and a clock of the test's own."""

from collections.abc import Callable
from datetime import datetime

import pytest

from domains.dns_answer import DnsAnswer, DnsStatus
from domains.sending_domains import SendingDomains
from domains.tracking_domains import TrackingDomains
from tests.domains.builders import NOW, PROJECT
from tests.domains.memory_store import MemoryStore

TARGET, SECOND_TARGET = "links.waypost.test", "eu.waypost.test"
TRACK, OTHER = "track.example.com", "click.example.com"


class FakeDns:
    """Answers from `chains`; a host that is not there has no record. `during` runs within each look-up."""

    def __init__(self) -> None:
        self.chains: dict[str, tuple[str, ...]] = {}
        self.fault = ""
        self.during: Callable[[], object] = lambda: None

    def look_up(self, host: str) -> DnsAnswer:
        self.during()
        if self.fault:
            return DnsAnswer(host=host, status=DnsStatus.UNKNOWN, detail=self.fault)
        chain = self.chains.get(host, ())
        return DnsAnswer(host=host, status=DnsStatus.FOUND if chain else DnsStatus.NO_RECORD, chain=chain)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


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
def domains(store: MemoryStore, dns: FakeDns, clock: Clock) -> TrackingDomains:
    return TrackingDomains(
        store=store, resolver=dns, targets=(TARGET, SECOND_TARGET), clock=clock, project=PROJECT
    )


@pytest.fixture
def senders(store: MemoryStore, clock: Clock) -> SendingDomains:
    return SendingDomains(store=store, clock=clock, project=PROJECT)


@pytest.fixture
def verified(domains: TrackingDomains, dns: FakeDns) -> TrackingDomains:
    """Tracking domains with `TRACK` verified."""
    domains.add(TRACK)
    dns.chains[TRACK] = (TARGET,)
    domains.verify(TRACK)
    return domains
