from collections.abc import Callable
from dataclasses import replace

import pytest

from domains.dns_answer import DnsAnswer, DnsStatus
from domains.errors import StoreUnavailable
from domains.evidence import Evidence
from domains.history import Cause, Change, Step
from domains.model import State, TrackingDomain
from domains.rules import CheckPolicy
from service.domain_checks.metrics import Outcome
from service.domain_checks.scheduled import ATTEMPTS, ScheduledCheck
from tests.domains.builders import NOW
from tests.domains.memory_store import MemoryStore

TARGET = "links.waypost.test"
GOOD = DnsAnswer(host="track.example.com", status=DnsStatus.FOUND, chain=(TARGET,), addresses=("192.0.2.10",))
NONE = DnsAnswer(host="track.example.com", status=DnsStatus.NO_RECORD)
UNKNOWN = DnsAnswer(host="track.example.com", status=DnsStatus.UNKNOWN, detail="nobody answers")


class FaultyStore(MemoryStore):
    """Cannot record for so many times."""

    faults = 0

    def record(self, step: Step) -> TrackingDomain:
        if self.faults:
            self.faults -= 1
            raise StoreUnavailable("The database is locked.")
        return super().record(step)


class Scene:
    """A domain that is pending, and a check that sees `answer`. `meanwhile` happens while it looks."""

    def __init__(self, answer: DnsAnswer, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.store = FaultyStore()
        self.announced: list[Change] = []
        self.domain = self.store.add_tracking_domain(
            project=1, name="track.example.com", target=TARGET, created_at=NOW
        )
        self._answer = answer
        self.meanwhile = meanwhile
        self.check = ScheduledCheck(
            check=self,
            store=self.store,
            policy=CheckPolicy(targets=(TARGET,)),
            clock=lambda: NOW,
            jitter=lambda: 0.5,
            announce=self.announced.append,
        )

    def look_at(self, domain: TrackingDomain, seen: Callable[[Evidence], None]) -> Evidence:
        self.meanwhile()
        return Evidence(at=NOW, dns=self._answer, target_addresses=("192.0.2.10",))

    @property
    def stored(self) -> TrackingDomain:
        found = self.store.find_tracking_domain("track.example.com")
        assert found is not None
        return found


def test_a_change_of_state_is_stored_and_announced() -> None:
    scene = Scene(GOOD)
    assert scene.check(scene.domain) is Outcome.GOOD
    assert scene.stored.state is State.VERIFIED
    [change] = scene.announced
    assert (change.cause, change.before, change.after) == (Cause.CHECKED, State.PENDING, State.VERIFIED)


@pytest.mark.parametrize(("answer", "outcome"), [(NONE, Outcome.BAD), (UNKNOWN, Outcome.UNKNOWN)])
def test_a_check_that_changes_nothing_is_stored_alone(answer: DnsAnswer, outcome: Outcome) -> None:
    scene = Scene(answer)
    assert scene.check(scene.domain) is outcome
    assert scene.stored.checked_at == NOW
    assert scene.announced == []


def test_what_was_seen_of_a_domain_that_was_changed_meanwhile_is_dropped() -> None:
    scene = Scene(GOOD)
    changed = replace(scene.domain, target="eu.waypost.test")
    scene.meanwhile = lambda: scene.store.record(Step(before=scene.domain, after=changed))
    assert scene.check(scene.domain) is Outcome.DROPPED
    assert scene.stored == changed
    assert scene.announced == []


def test_a_database_that_is_locked_for_a_moment_loses_no_check() -> None:
    scene = Scene(GOOD)
    scene.store.faults = ATTEMPTS - 1
    assert scene.check(scene.domain) is Outcome.GOOD
    assert scene.stored.state is State.VERIFIED


def test_a_database_that_stays_away_is_told() -> None:
    scene = Scene(GOOD)
    scene.store.faults = ATTEMPTS
    with pytest.raises(StoreUnavailable):
        scene.check(scene.domain)
    assert scene.stored == scene.domain
    assert scene.announced == []
