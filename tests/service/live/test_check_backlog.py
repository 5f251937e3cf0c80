import pytest

from domains.due import Backlog
from service.live.check_backlog import LATE_SECONDS, LiveBacklog
from tests.service.domain_checks.test_background import Leases


def test_it_is_what_the_database_last_said() -> None:
    leases = Leases("a.example.com", "b.example.com")
    backlog = LiveBacklog(leases)
    assert backlog.current == Backlog()
    backlog.refresh()
    assert backlog.current == Backlog(waiting=2)
    leases.away = 1
    leases.due.clear()
    backlog.refresh()
    assert backlog.current == Backlog(waiting=2)
    backlog.refresh()
    assert backlog.current == Backlog()


def test_checks_that_are_behind_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    class Behind(Leases):
        oldest = LATE_SECONDS

        def backlog(self) -> Backlog:
            return Backlog(waiting=1, oldest_seconds=self.oldest)

    leases = Behind()
    backlog = LiveBacklog(leases)
    backlog.refresh()
    assert caplog.messages == []
    for leases.oldest in (LATE_SECONDS + 1, LATE_SECONDS + 3, 2.0, 1.0):
        backlog.refresh()
    assert caplog.messages == [
        "domain checks: they are more than 15 minutes behind",
        "domain checks: works again",
    ]
