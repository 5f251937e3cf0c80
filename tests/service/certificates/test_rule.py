"""Which hosts may have a certificate."""

from dataclasses import replace

import pytest

from certificates.errors import StoreUnavailable
from domains.dns_answer import DnsAnswer, DnsStatus
from domains.history import Step
from domains.model import State
from service.certificates.rule import CertificateRule
from tests.domains.builders import NOW
from tests.domains.memory_store import MemoryStore

HOST, TARGET = "track.example.com", "t.waypost.test"

HERE = DnsAnswer(host=HOST, status=DnsStatus.FOUND, chain=(TARGET,), addresses=("192.0.2.10",))
ELSEWHERE = DnsAnswer(
    host=HOST, status=DnsStatus.FOUND, chain=("elsewhere.example.net",), addresses=("192.0.2.99",)
)
SILENCE = DnsAnswer(host=HOST, status=DnsStatus.UNKNOWN)


class Dns:
    def __init__(self, answer: DnsAnswer) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def look_up(self, host: str) -> DnsAnswer:
        self.asked.append(host)
        return self.answer

    def addresses_of(self, host: str) -> tuple[str, ...]:
        return ("192.0.2.10",)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def rule(store: MemoryStore, dns: Dns) -> CertificateRule:
    return CertificateRule(store=store, lookup=dns, addresses=dns, targets=(TARGET,), clock=lambda: NOW)


def add(store: MemoryStore, state: State, *, was_verified: bool) -> None:
    added = store.add_tracking_domain(project=1, name=HOST, target=TARGET, created_at=NOW)
    after = replace(added, state=state, verified_at=NOW if was_verified else None)
    store.record(Step(before=added, after=after, change=None))


def test_a_verified_domain_may_without_a_look(store: MemoryStore) -> None:
    add(store, State.VERIFIED, was_verified=True)
    dns = Dns(ELSEWHERE)
    assert rule(store, dns).may_issue(HOST)
    assert dns.asked == []


@pytest.mark.parametrize("state", [State.RETIRED, State.FAILED, State.PENDING])
@pytest.mark.parametrize(("answer", "may"), [(HERE, True), (ELSEWHERE, False), (SILENCE, False)])
def test_one_that_was_verified_before_may_while_its_dns_leads_here(
    store: MemoryStore, state: State, answer: DnsAnswer, may: bool
) -> None:
    add(store, state, was_verified=True)
    assert rule(store, Dns(answer)).may_issue(HOST) is may


@pytest.mark.parametrize("state", [State.PENDING, State.FAILED])
def test_one_that_never_was_may_not(store: MemoryStore, state: State) -> None:
    add(store, state, was_verified=False)
    dns = Dns(HERE)
    assert not rule(store, dns).may_issue(HOST)
    assert not rule(store, dns).may_issue("unknown.example.com")
    assert dns.asked == []


def test_a_database_that_is_away_is_no_answer(store: MemoryStore) -> None:
    store.available = False
    with pytest.raises(StoreUnavailable):
        rule(store, Dns(HERE)).may_issue(HOST)
