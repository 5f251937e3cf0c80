import logging
import threading
from collections import Counter
from collections.abc import Callable

import pytest
from prometheus_client import CollectorRegistry

from domains.due import Backlog
from domains.errors import StoreUnavailable
from domains.model import TrackingDomain
from service.domain_checks import background as domain_checks
from service.domain_checks.background import DomainChecks
from service.domain_checks.metrics import CheckMetrics, Outcome
from tests.domains.builders import tracking_domain

PATIENCE = 20.0


class Leases:
    """Domains that are due once. `away` counts the calls that find no database."""

    def __init__(self, *names: str, away: int = 0) -> None:
        self.due = [tracking_domain(name) for name in names]
        self.away = away
        self.takes: list[int] = []  # how many each time
        self.released: list[str] = []
        self.looked = threading.Semaphore(0)

    def take_due(self, owner: str, *, limit: int, seconds: float) -> list[TrackingDomain]:
        taken, self.due = self.due[:limit], self.due[limit:]
        self.takes.append(len(taken))
        return taken

    def release(self, owner: str) -> None:
        self._reach()
        self.released.append(owner)

    def backlog(self) -> Backlog:
        self.looked.release()
        self._reach()
        return Backlog(waiting=len(self.due))

    def _reach(self) -> None:
        if self.away:
            self.away -= 1
            raise StoreUnavailable("The database is away.")


class Scene:
    """Checks until `expected` domains were checked."""

    def __init__(
        self,
        leases: Leases,
        expected: int,
        check: Callable[[TrackingDomain], Outcome] = lambda _: Outcome.GOOD,
        concurrency: int = 2,
    ) -> None:
        self.checked: list[str] = []
        self.registry = CollectorRegistry()
        self._lock = threading.Lock()
        self._expected = expected
        self._check = check
        self.stopping = threading.Event()
        self.checks = DomainChecks(
            leases=leases,
            check=self._counted,
            metrics=CheckMetrics(self.registry),
            owner="here",
            concurrency=concurrency,
            stopping=self.stopping,
        )

    def run(self) -> None:
        self.checks.run()

    def results(self) -> dict[str, float]:
        values = {
            outcome: self.registry.get_sample_value("waypost_domain_checks_total", {"result": outcome})
            for outcome in Outcome
        }
        return {outcome.value: count for outcome, count in values.items() if count}

    def _counted(self, domain: TrackingDomain) -> Outcome:
        try:
            return self._check(domain)
        finally:
            with self._lock:
                self.checked.append(domain.name)
                if len(self.checked) == self._expected:
                    self.stopping.set()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domain_checks, "POLL_SECONDS", 0.001)


def names(count: int) -> list[str]:
    return [f"t{number}.example.com" for number in range(count)]


def test_all_that_is_due_is_checked_once_and_counted() -> None:
    scene = Scene(Leases(*names(10)), expected=10)
    scene.run()
    assert Counter(scene.checked) == Counter(names(10))
    assert scene.results() == {"good": 10}


def test_no_more_is_taken_than_there_are_threads() -> None:
    leases = Leases(*names(10))
    Scene(leases, expected=10, concurrency=3).run()
    assert max(leases.takes) == 3


def test_nothing_due_takes_nothing() -> None:
    leases = Leases()
    scene = Scene(leases, expected=0)
    running = threading.Thread(target=scene.run)
    running.start()
    for _ in range(3):
        assert leases.looked.acquire(timeout=PATIENCE)
    scene.stopping.set()
    running.join(PATIENCE)
    assert leases.takes == []


def test_what_is_taken_and_not_begun_at_a_stop_is_not_checked() -> None:
    scene = Scene(Leases(*names(10)), expected=1, concurrency=1)
    scene.run()
    assert len(scene.checked) == 1


def test_a_database_that_is_away_is_told_once_and_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene(Leases(*names(2), away=3), expected=2)
    scene.run()
    assert [record.message for record in caplog.records] == [
        "domain checks: The database is away. No domain is checked meanwhile",
        "domain checks: works again",
    ]
    assert len(scene.checked) == 2


def test_a_check_that_cannot_be_recorded_is_counted_and_told(caplog: pytest.LogCaptureFixture) -> None:
    def check(domain: TrackingDomain) -> Outcome:
        raise StoreUnavailable("The database is away.")

    scene = Scene(Leases(*names(2)), expected=2, check=check)
    scene.run()
    assert scene.results() == {"unrecorded": 2}
    assert caplog.messages[0] == "domain checks: The database is away. No domain is checked meanwhile"


def test_a_fault_with_one_domain_keeps_no_other_from_its_check(caplog: pytest.LogCaptureFixture) -> None:
    def check(domain: TrackingDomain) -> Outcome:
        if domain.name == "t0.example.com":
            raise ZeroDivisionError
        return Outcome.BAD

    scene = Scene(Leases(*names(5)), expected=5, check=check)
    scene.run()
    assert scene.results() == {"bad": 4, "fault": 1}
    [record] = caplog.records
    assert (record.levelno, record.message) == (logging.ERROR, "the check of t0.example.com failed")
    assert record.exc_info is not None


def test_a_domain_that_hangs_keeps_no_other_from_its_check() -> None:
    others = threading.Semaphore(0)

    def check(domain: TrackingDomain) -> Outcome:
        if domain.name == "t0.example.com":
            for _ in range(9):
                assert others.acquire(timeout=PATIENCE)
            return Outcome.UNKNOWN
        others.release()
        return Outcome.GOOD

    scene = Scene(Leases(*names(10)), expected=10, check=check)
    scene.run()
    assert scene.checked[-1] == "t0.example.com"
    assert scene.results() == {"good": 9, "unknown": 1}


def test_what_is_left_is_released() -> None:
    leases = Leases()
    Scene(leases, expected=0).checks.release()
    assert leases.released == ["here"]


def test_a_release_without_a_database_says_that_leases_end_by_themselves(
    caplog: pytest.LogCaptureFixture,
) -> None:
    Scene(Leases(away=1), expected=0).checks.release()
    assert caplog.messages == ["leases end by themselves in at most 180 s: The database is away."]
