from ipaddress import ip_address

import pytest

from accounts.lockout import Lockout, LockoutRule

RULE = LockoutRule(failures=3, within=60, lock=120, remembered=6)
HERE, THERE = ip_address("192.0.2.1"), ip_address("198.51.100.1")


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lockout(clock: Clock) -> Lockout:
    return Lockout(RULE, clock)


def fail(lockout: Lockout, times: int, address: str = str(HERE), username: str = "ann") -> None:
    for _ in range(times):
        lockout.failed(ip_address(address), username)


def test_an_address_is_locked_at_the_limit_and_not_before(lockout: Lockout, clock: Clock) -> None:
    fail(lockout, 2)
    assert not lockout.address_locked(HERE)
    fail(lockout, 1)
    assert lockout.address_locked(HERE)
    assert lockout.locked(HERE, "somebody else")
    clock.now += 119
    assert lockout.address_locked(HERE)
    clock.now += 1
    assert not lockout.address_locked(HERE)
    fail(lockout, 1)
    assert not lockout.address_locked(HERE)


def test_failures_that_are_far_apart_lock_nobody(lockout: Lockout, clock: Clock) -> None:
    for _ in range(10):
        fail(lockout, 1)
        clock.now += 30
        fail(lockout, 1)
        clock.now += 31
    assert not lockout.locked(HERE, "ann")


def test_other_addresses_are_not_locked(lockout: Lockout) -> None:
    fail(lockout, 3)
    assert not lockout.address_locked(THERE)
    assert not lockout.locked(THERE, "bob")


def test_a_username_is_locked_for_those_who_failed_and_never_for_its_owner(
    lockout: Lockout, clock: Clock
) -> None:
    for host in range(3):
        fail(lockout, 1, f"203.0.113.{host}")
    assert not lockout.address_locked(ip_address("203.0.113.0"))
    assert lockout.locked(ip_address("203.0.113.0"), "ann")
    assert not lockout.locked(ip_address("203.0.113.0"), "bob")
    assert not lockout.locked(HERE, "ann")
    clock.now += 120
    assert not lockout.locked(ip_address("203.0.113.0"), "ann")


def test_a_network_of_64_bits_is_one_client_and_its_neighbour_is_not(lockout: Lockout) -> None:
    for host in range(3):
        fail(lockout, 1, f"2001:db8::{host}")
    assert lockout.address_locked(ip_address("2001:db8::ffff"))
    assert not lockout.address_locked(ip_address("2001:db8:0:1::"))


def test_an_ipv4_client_on_an_ipv6_socket_is_the_same_client(lockout: Lockout) -> None:
    fail(lockout, 3, f"::ffff:{HERE}")
    assert lockout.address_locked(HERE)
    assert not lockout.address_locked(ip_address(f"::ffff:{THERE}"))


def test_a_username_that_looks_like_an_address_locks_no_address(lockout: Lockout) -> None:
    for host in range(3):
        fail(lockout, 1, f"203.0.113.{host}", str(THERE))
    assert not lockout.address_locked(THERE)


def test_memory_is_bounded_and_the_oldest_failure_is_forgotten(lockout: Lockout) -> None:
    fail(lockout, 3)
    for host in range(100):
        fail(lockout, 1, f"203.0.113.{host}", f"user{host}" * 1_000)
        assert len(lockout._records) <= RULE.remembered
    assert not lockout.address_locked(HERE)
    assert max(map(len, lockout._records)) < 100
