import pytest

from events.ports import StoreUnavailable, Work
from service.work_lease import LEASE_SECONDS, RENEW_SECONDS, WorkLease
from tests.events.memory_leases import MemoryLeases


@pytest.fixture
def leases() -> MemoryLeases:
    return MemoryLeases()


def lease(leases: MemoryLeases, owner: str | None = None) -> WorkLease:
    return WorkLease(leases, Work.JUDGING, owner=owner, monotonic=lambda: leases.now)


def test_one_holds_it_and_the_database_is_not_asked_each_time(leases: MemoryLeases) -> None:
    one, other = lease(leases), lease(leases)
    assert [one.held() for _ in range(3)] == [True] * 3
    assert leases.takes == 1
    assert not other.held()


def test_it_is_renewed_before_it_ends(leases: MemoryLeases) -> None:
    one, other = lease(leases), lease(leases)
    one.held()
    for _ in range(10):
        leases.now += RENEW_SECONDS
        assert one.held()
        assert not other.held()


def test_what_a_process_that_died_held_is_taken_over(leases: MemoryLeases) -> None:
    one, other = lease(leases), lease(leases)
    one.held()
    leases.now += LEASE_SECONDS - 1
    assert not other.held()
    leases.now += 1
    assert other.held()
    assert not one.held()


def test_what_is_released_is_taken_over_at_once(leases: MemoryLeases) -> None:
    one, other = lease(leases), lease(leases)
    one.held()
    one.release()
    assert other.held()
    one.release()
    assert other.held()


def test_a_database_that_is_away_at_a_renewal_does_not_leave_it_held(leases: MemoryLeases) -> None:
    one = lease(leases)
    one.held()
    leases.now += RENEW_SECONDS
    leases.away = True
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            one.held()
    leases.away = False
    assert one.held()
