"""Who failed too often to sign in. Pure but for its own counts; the caller brings the clock.

A generated password cannot be found by trying. This keeps the noise of those who try out of the log and off
the processor, and slows whoever tries stolen passwords.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network

from accounts.networks import Address, plain_address


@dataclass(frozen=True, slots=True, kw_only=True)
class LockoutRule:
    """How many failures within how many seconds lock for how many seconds."""

    failures: int = 10
    within: float = 600.0
    lock: float = 600.0
    remembered: int = (
        20_000  # addresses and usernames; beyond that the one that failed longest ago is forgotten
    )


@dataclass(slots=True)
class _Record:
    since: float
    failures: int = 0
    locked_until: float = 0.0


class Lockout:
    """Counts failed sign-ins by address and by username. `clock` gives monotonic seconds. Not thread-safe.

    The lock of a username holds only for addresses that failed themselves a short while ago. Otherwise
    whoever knows a username could keep its owner out from anywhere.
    """

    def __init__(self, rule: LockoutRule, clock: Callable[[], float]) -> None:
        self._rule = rule
        self._clock = clock
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def address_locked(self, address: Address) -> bool:
        """Tell whether to send the client away before it names a user."""
        return self._locked(_of_address(address))

    def locked(self, address: Address, username: str) -> bool:
        """Tell whether to refuse without looking at the password."""
        place = _of_address(address)
        return self._locked(place) or (self._recent(place) is not None and self._locked(_of_user(username)))

    def failed(self, address: Address, username: str) -> None:
        """Count a wrong username or password."""
        self._count(_of_address(address))
        self._count(_of_user(username))

    def _locked(self, key: str) -> bool:
        record = self._records.get(key)
        return record is not None and self._clock() < record.locked_until

    def _recent(self, key: str) -> _Record | None:
        record = self._records.get(key)
        if record is None or self._clock() >= max(record.since + self._rule.within, record.locked_until):
            return None
        return record

    def _count(self, key: str) -> None:
        now = self._clock()
        record = self._recent(key) or _Record(since=now)
        record.failures += 1
        if record.failures >= self._rule.failures:
            record.locked_until = now + self._rule.lock
        self._records[key] = record
        self._records.move_to_end(key)
        if len(self._records) > self._rule.remembered:
            self._records.popitem(last=False)


def _of_address(address: Address) -> str:
    """An IPv6 client has a whole /64 to choose from [RFC 6177, RFC 8981], so that counts as one."""
    plain = plain_address(address)
    if isinstance(plain, IPv6Address):
        return str(IPv6Network((int(plain) >> 64 << 64, 64)))
    return str(plain)


def _of_user(username: str) -> str:
    return (
        f"user {username[:64]}"  # the client's words: bounded here, told apart from an address by the blank
    )
