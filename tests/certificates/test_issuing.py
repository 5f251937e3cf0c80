from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier

import pytest

from certificates import rules
from certificates.errors import AuthorityError, NoCertificate, OrderUnderWay, StoreUnavailable
from certificates.issuing import Issuing, OrderLimits, Result
from certificates.model import Certificate, HostRecord, Issued, RenewalAdvice, State
from certificates.ports import Publish
from certificates.rules import ASK_AGAIN
from certificates.upkeep import Upkeep
from links.key_ring import KeyRing
from tests.certificates.builders import (
    DAY,
    DIRECTORY,
    HOST,
    HOUR,
    MINUTE,
    NOW,
    OTHER,
    RECORD,
    key_seal,
)
from tests.certificates.memory_store import MemoryStore
from tests.certificates.signing import issued

RING = KeyRing.first(b"k" * 32, 0)
ROTATED = RING.rotate(b"n" * 32, 1, 1)
LIMITS = OrderLimits(per_hour=5)


class FakeAuthority:
    """Issues, unless `error` says otherwise. `during` runs in the middle of an order."""

    directory = DIRECTORY

    def __init__(self) -> None:
        self.ordered: list[str] = []
        self.replaced: list[Certificate | None] = []
        self.revoked: list[Certificate] = []
        self.error: Exception | None = None
        self.advice: RenewalAdvice | None = None
        self.during: Callable[[], object] = lambda: None
        self.clock: Callable[[], datetime] = lambda: NOW

    def issue(self, host: str, publish: Publish, *, replaces: Certificate | None = None) -> Issued:
        self.ordered.append(host)
        self.replaced.append(replaces)
        with publish("token", "token.thumb"):
            self.during()
        if self.error is not None:
            raise self.error
        return issued(host, self.clock())

    def renewal_advice(self, certificate: Certificate) -> RenewalAdvice | None:
        if self.error is not None:
            raise self.error
        return self.advice

    def revoke(self, certificate: Certificate) -> None:
        if self.error is not None:
            raise self.error
        self.revoked.append(certificate)


class Installation:
    """A node: everything but the store is its own. Its clock moves by what is slept."""

    def __init__(self, store: MemoryStore, ring: KeyRing = RING) -> None:
        self.now = NOW
        self.store = store
        self.authority = FakeAuthority()
        self.authority.clock = lambda: self.now
        self.allowed = {HOST, OTHER, *(f"h{number}.test" for number in range(20))}
        self.seal = key_seal(ring)
        self.issuing = Issuing(
            store=store,
            challenges=store,
            authority=self.authority,
            seal=self.seal,
            may_issue=lambda host: host in self.allowed,
            limits=LIMITS,
            clock=lambda: self.now,
            random=lambda: 0.5,
            sleep=self.sleep,
        )
        self.upkeep = Upkeep(
            store=store,
            authority=self.authority,
            seal=self.seal,
            clock=lambda: self.now,
            random=lambda: 0.5,
        )

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def node(store: MemoryStore) -> Installation:
    return Installation(store)


def due_of(record: HostRecord) -> datetime:
    """Return when the next order is due, which there is."""
    assert record.due_at is not None
    return record.due_at


def state_of(node: Installation, host: str = HOST) -> State:
    return rules.state_of(node.store.find(host), node.now)


def test_a_certificate_is_issued_and_kept_with_a_sealed_key(node: Installation) -> None:
    outcome = node.issuing.issue(HOST)
    assert outcome.result is Result.ISSUED
    assert outcome.record == node.store.find(HOST)
    assert state_of(node) is State.ACTIVE
    certificate = outcome.record.certificate
    assert certificate is not None
    assert b"PRIVATE KEY" not in certificate.sealed_key
    assert b"PRIVATE KEY" in node.seal.open(HOST, certificate.sealed_key)
    assert outcome.record.advice_at == NOW + ASK_AGAIN
    assert node.store.challenges == {}


def test_while_the_order_runs_its_state_and_its_challenge_are_seen_everywhere(node: Installation) -> None:
    seen: list[object] = []
    node.authority.during = lambda: seen.append(
        (state_of(node), node.store.challenge_answer("token", now=NOW))
    )
    node.issuing.issue(HOST)
    assert seen == [(State.PROVISIONING, "token.thumb")]


def test_a_good_certificate_is_not_ordered_again(node: Installation) -> None:
    node.issuing.issue(HOST)
    assert node.issuing.issue(HOST).result is Result.GOOD
    assert node.authority.ordered == [HOST]


def test_by_hand_it_is_ordered_again_and_says_what_it_replaces(node: Installation) -> None:
    first = node.issuing.issue(HOST).record.certificate
    assert node.issuing.issue(HOST, by_hand=True).result is Result.ISSUED
    assert node.authority.replaced == [None, first]


def test_a_host_that_may_have_none_costs_no_query_and_no_order(node: Installation) -> None:
    node.store.available = False
    assert node.issuing.issue("stranger.test").result is Result.NOT_ALLOWED
    assert node.authority.ordered == []


def test_one_order_runs_however_many_ask(store: MemoryStore) -> None:
    nodes = [Installation(store) for _ in range(4)]
    together = Barrier(4)

    def issue(node: Installation) -> Result:
        together.wait(10)
        return node.issuing.issue(HOST).result

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(issue, nodes))
    assert results.count(Result.ISSUED) == 1
    assert set(results) <= {Result.ISSUED, Result.UNDER_WAY, Result.GOOD}
    assert sum(len(node.authority.ordered) for node in nodes) == 1


def test_who_asks_during_an_order_is_told_when_to_come_again(node: Installation) -> None:
    other, seen = Installation(node.store), []
    node.authority.during = lambda: seen.append(other.issuing.issue(HOST))
    node.issuing.issue(HOST)
    [outcome] = seen
    assert (outcome.result, outcome.until) == (Result.UNDER_WAY, NOW + LIMITS.lease)


def test_a_failure_is_kept_and_backs_off(node: Installation) -> None:
    node.authority.error = AuthorityError("caa", "CAA record for example.com")
    outcome = node.issuing.issue(HOST)
    assert (outcome.result, outcome.until) == (Result.FAILED, NOW + MINUTE)
    assert outcome.record.problem is not None
    assert outcome.record.problem.detail == "CAA record for example.com"
    assert state_of(node) is State.FAILED
    again = node.issuing.issue(HOST)
    assert (again.result, again.until) == (Result.POSTPONED, NOW + MINUTE)
    node.now += MINUTE
    assert node.issuing.issue(HOST).until == node.now + 10 * MINUTE
    assert node.authority.ordered == [HOST, HOST]


def test_by_hand_only_the_shortest_wait_counts(node: Installation) -> None:
    node.authority.error = AuthorityError("caa", "")
    node.issuing.issue(HOST)
    node.now += MINUTE
    node.issuing.issue(HOST)
    assert node.issuing.issue(HOST, by_hand=True).result is Result.POSTPONED
    node.now += MINUTE
    assert node.issuing.issue(HOST).result is Result.POSTPONED
    node.authority.error = None
    assert node.issuing.issue(HOST, by_hand=True).result is Result.ISSUED
    assert node.store.find(HOST).problem is None


def test_the_cap_on_orders_postpones_and_is_no_failure(node: Installation) -> None:
    for number in range(LIMITS.per_hour):
        assert node.issuing.issue(f"h{number}.test").result is Result.ISSUED
    outcome = node.issuing.issue(HOST)
    assert (outcome.result, outcome.until) == (Result.POSTPONED, NOW + HOUR)
    assert state_of(node) is State.UNAVAILABLE
    node.now += HOUR
    assert node.issuing.issue(HOST).result is Result.ISSUED


def test_a_fault_of_ours_backs_off_too_and_is_raised(node: Installation) -> None:
    node.authority.error = RuntimeError("a bug")
    with pytest.raises(RuntimeError, match="a bug"):
        node.issuing.issue(HOST)
    record = node.store.find(HOST)
    assert record.problem is not None
    assert record.problem.type == "internal"
    assert (record.due_at, record.leased_until) == (NOW + MINUTE, None)


def test_what_is_no_certificate_for_the_host_is_a_failure(node: Installation) -> None:
    node.authority.issue = lambda *_, **__: issued(OTHER, NOW)  # type: ignore[method-assign]
    outcome = node.issuing.issue(HOST)
    assert outcome.result is Result.FAILED
    assert outcome.record.problem is not None
    assert outcome.record.problem.type == "unexpected"


def test_an_order_that_died_is_begun_anew_when_its_lease_ran_out(store: MemoryStore) -> None:
    dead, alive = Installation(store), Installation(store)
    dead.authority.error = KeyboardInterrupt()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        dead.issuing.issue(HOST)
    assert alive.issuing.issue(HOST).result is Result.UNDER_WAY
    assert list(alive.issuing.renew_due(10)) == []
    alive.now += LIMITS.lease
    [outcome] = alive.issuing.renew_due(10)
    assert outcome.result is Result.ISSUED
    assert outcome.record.failures == 0


def test_who_lost_the_lease_saves_nothing(store: MemoryStore) -> None:
    slow, fast = Installation(store), Installation(store)

    def sleep_too_long() -> None:
        fast.now += LIMITS.lease
        fast.issuing.issue(HOST)

    slow.authority.during = sleep_too_long
    assert slow.issuing.issue(HOST).result is Result.UNDER_WAY
    assert store.find(HOST).version == 3  # two claims, and what the fast one saved


def test_what_was_issued_is_saved_when_the_database_is_back(node: Installation) -> None:
    node.authority.during = lambda: setattr(node.store, "available", False)
    slept = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        node.sleep(seconds)
        node.store.available = len(slept) == 30

    node.issuing._sleep = sleep
    assert node.issuing.issue(HOST).result is Result.ISSUED
    assert len(slept) == 30


def test_a_database_that_stays_away_ends_the_order_with_its_lease(node: Installation) -> None:
    node.authority.during = lambda: setattr(node.store, "available", False)
    with pytest.raises(StoreUnavailable):
        node.issuing.issue(HOST)
    assert node.now == NOW + LIMITS.lease


def test_a_renewal_is_made_when_it_is_due(node: Installation) -> None:
    first = node.issuing.issue(HOST).record
    assert list(node.issuing.renew_due(10)) == []
    node.now = due_of(first)
    [outcome] = node.issuing.renew_due(10)
    assert outcome.result is Result.ISSUED
    assert node.authority.replaced == [None, first.certificate]
    assert list(node.issuing.renew_due(10)) == []


def test_a_renewal_that_fails_leaves_the_host_active(node: Installation) -> None:
    node.now = due_of(node.issuing.issue(HOST).record)
    node.authority.error = AuthorityError("caa", "")
    node.authority.during = lambda: states.append(state_of(node))
    states: list[State] = []
    list(node.issuing.renew_due(10))
    assert [*states, state_of(node)] == [State.ACTIVE, State.ACTIVE]
    assert node.issuing.issue(HOST).result is Result.GOOD
    node.now += MINUTE
    [outcome] = node.issuing.renew_due(10)
    assert outcome.record.failures == 2


def test_trouble_of_the_authority_ends_a_round_and_a_hosts_own_does_not(node: Installation) -> None:
    for host in (HOST, OTHER):
        node.store.put(HostRecord(host=host, due_at=NOW))
    node.authority.error = AuthorityError("serverInternal", "")
    assert len(list(node.issuing.renew_due(10))) == 1
    node.now += MINUTE
    node.authority.error = AuthorityError("caa", "")
    assert len(list(node.issuing.renew_due(10))) == 2


def test_a_due_host_that_may_have_none_is_looked_at_again_a_day_later(node: Installation) -> None:
    record = node.issuing.issue(HOST).record
    node.now = due_of(record)
    node.allowed.clear()
    [outcome] = node.issuing.renew_due(10)
    assert outcome.result is Result.NOT_ALLOWED
    kept = node.store.find(HOST)
    assert (kept.certificate, kept.due_at, kept.failures) == (record.certificate, node.now + DAY, 0)
    assert list(node.issuing.renew_due(10)) == []


@pytest.mark.parametrize("change", ["authority", "key", "expiry"])
def test_a_certificate_that_cannot_be_used_is_ordered_anew(store: MemoryStore, change: str) -> None:
    Installation(store).issuing.issue(HOST)
    node = Installation(store, ROTATED.revoke(1) if change == "key" else RING)
    if change == "authority":
        node.authority.directory = "https://other.test/directory"
    if change == "expiry":
        node.now += 90 * DAY
    assert not node.issuing.is_usable(store.find(HOST), node.now)
    outcome = node.issuing.issue(HOST)
    assert outcome.result is Result.ISSUED
    assert node.issuing.is_usable(outcome.record, node.now)
    assert (node.authority.replaced[0] is None) == (change == "authority")


def test_a_revoked_certificate_is_forgotten(node: Installation) -> None:
    certificate = node.issuing.issue(HOST).record.certificate
    node.issuing.revoke(HOST)
    assert node.authority.revoked == [certificate]
    assert node.store.find(HOST) == replace(RECORD, version=3)
    assert list(node.issuing.renew_due(10)) == []
    assert node.issuing.issue(HOST).result is Result.ISSUED


def test_what_cannot_be_revoked_says_why(node: Installation) -> None:
    with pytest.raises(NoCertificate):
        node.issuing.revoke(HOST)
    record = node.issuing.issue(HOST).record
    node.authority.error = AuthorityError("serverInternal", "")
    with pytest.raises(AuthorityError):
        node.issuing.revoke(HOST)
    assert node.store.find(HOST) == record
    leased = node.store.put(rules.claimed(record, until=NOW + MINUTE))
    with pytest.raises(OrderUnderWay):
        node.issuing.revoke(HOST)
    assert node.store.find(HOST) == leased


def test_advice_moves_a_renewal(node: Installation) -> None:
    node.issuing.issue(HOST)
    assert node.upkeep.ask_for_advice(10) == 0
    node.now += ASK_AGAIN
    node.authority.advice = RenewalAdvice(start=NOW + DAY, end=NOW + 3 * DAY, ask_again_at=node.now + HOUR)
    assert node.upkeep.ask_for_advice(10) == 1
    record = node.store.find(HOST)
    assert (record.due_at, record.advice_at) == (NOW + 2 * DAY, node.now + HOUR)


@pytest.mark.parametrize(
    ("error", "again"), [(None, None), (AuthorityError("unreachable", ""), ASK_AGAIN)], ids=["none", "down"]
)
def test_without_advice_the_renewal_stays(
    node: Installation, error: Exception | None, again: timedelta | None
) -> None:
    before = node.issuing.issue(HOST).record
    node.now += ASK_AGAIN
    node.authority.error = error
    node.upkeep.ask_for_advice(10)
    after = node.store.find(HOST)
    assert after.due_at == before.due_at
    assert after.advice_at == (None if again is None else node.now + again)


def test_after_a_rotation_keys_are_sealed_again(store: MemoryStore) -> None:
    before = Installation(store).issuing.issue(HOST).record.certificate
    node = Installation(store, ROTATED)
    assert node.upkeep.seal_again() == 1
    assert node.upkeep.seal_again() == 0
    after = store.find(HOST).certificate
    assert before is not None
    assert after is not None
    assert key_seal(ROTATED.revoke(1)).open(HOST, after.sealed_key) == key_seal(RING).open(
        HOST, before.sealed_key
    )
    assert replace(after, sealed_key=before.sealed_key) == before


def test_what_cannot_be_opened_or_is_being_ordered_is_not_sealed_again(store: MemoryStore) -> None:
    Installation(store).issuing.issue(HOST)
    assert Installation(store, ROTATED.revoke(1)).upkeep.seal_again() == 0
    store.put(rules.claimed(store.find(HOST), until=NOW + MINUTE))
    assert Installation(store, ROTATED).upkeep.seal_again() == 0


def test_nothing_secret_is_logged(node: Installation, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    record = node.issuing.issue(HOST).record
    node.authority.error = AuthorityError("caa", "no")
    node.issuing.issue(HOST, by_hand=True)
    assert "PRIVATE" not in caplog.text
    assert record.certificate is not None
    assert repr(record.certificate.sealed_key)[2:-1] not in caplog.text
    assert f"no certificate for {HOST}: caa: no" in caplog.text
