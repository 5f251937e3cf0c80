from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from admin.domain_wait import BETWEEN_SECONDS, Wait
from domains.dns_answer import DnsAnswer, DnsStatus
from domains.errors import ChangedMeanwhile, UnknownDomain
from domains.evidence import Evidence
from domains.model import State, TrackingDomain
from domains.sighting import Line
from tests.domains.builders import NOW, tracking_domain

HOST = "track.example.com"
SEEN = Evidence(at=NOW, dns=DnsAnswer(host=HOST, status=DnsStatus.NO_RECORD))


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Domain:
    """Looks that end as told, one after the other; the last one again and again."""

    def __init__(self, *ends: State | Exception) -> None:
        self.ends = list(ends)
        self.looks = 0

    def look(self, seen: Callable[[Evidence], None]) -> TrackingDomain:
        self.looks += 1
        seen(SEEN)
        end = self.ends.pop(0) if len(self.ends) > 1 else self.ends[0]
        if isinstance(end, Exception):
            raise end
        return replace(tracking_domain(HOST), state=end, diagnosis="What was seen.")


class Shown:
    def __init__(self) -> None:
        self.verdicts: list[str] = []
        self.labels: list[str] = []

    def show(self, shown: Sequence[Line], footer: str = "") -> None:
        self.labels = [line.label for line in shown]
        self.verdicts.append(shown[-1].text)


def wait(domain: Domain, shown: Shown, clock: Clock) -> Wait:
    return Wait(name=HOST, look=domain.look, display=shown, monotonic=lambda: clock.now, sleep=clock.sleep)


def test_it_looks_until_the_domain_is_verified() -> None:
    domain, shown, clock = Domain(State.PENDING, State.FAILED, State.VERIFIED), Shown(), Clock()
    assert wait(domain, shown, clock).until_verified(600).state is State.VERIFIED
    assert clock.slept == [BETWEEN_SECONDS] * 2
    assert shown.verdicts == [
        *("", "pending. What was seen."),
        *("", "failed. What was seen."),
        *("", "verified. What was seen."),
    ]
    assert shown.labels == ["domain", "DNS", "asked", "target", "CAA", "HTTP", "HTTPS", "HSTS", "verdict"]


def test_one_that_is_verified_is_not_waited_for() -> None:
    domain, clock = Domain(State.VERIFIED), Clock()
    wait(domain, Shown(), clock).until_verified(600)
    assert (domain.looks, clock.slept) == (1, [])


def test_it_ends_in_time_with_a_last_look() -> None:
    domain, clock = Domain(State.PENDING), Clock()
    assert wait(domain, Shown(), clock).until_verified(12).state is State.PENDING
    assert clock.slept == [BETWEEN_SECONDS, BETWEEN_SECONDS, 12 - 2 * BETWEEN_SECONDS]
    assert domain.looks == 4


def test_a_scheduled_check_that_was_quicker_does_not_end_it() -> None:
    domain, shown = Domain(ChangedMeanwhile("changed meanwhile"), State.VERIFIED), Shown()
    assert wait(domain, shown, Clock()).until_verified(600).state is State.VERIFIED
    assert "changed meanwhile" in shown.verdicts


def test_a_removal_ends_it() -> None:
    with pytest.raises(UnknownDomain):
        wait(Domain(State.PENDING, UnknownDomain("removed")), Shown(), Clock()).until_verified(600)
