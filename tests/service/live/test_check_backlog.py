from domains.due import Backlog
from service.live.check_backlog import LiveBacklog
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
