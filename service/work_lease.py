"""A kind of background work as one process does it, while all others on the database leave it alone."""

import contextlib
import secrets
import socket
import time
from collections.abc import Callable
from typing import Final

from events.ports import StoreUnavailable, Work, WorkLeases
from service.alarm import Alarm

LEASE_SECONDS: Final = 60.0  # after which the work of a machine that died is another's
RENEW_SECONDS: Final = 20.0  # of a lease that is held; each is a write


class WorkLease:
    """Whether `work` is this process's. Asked before each piece of it, one thread at a time."""

    def __init__(
        self,
        leases: WorkLeases,
        work: Work,
        *,
        owner: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._leases = leases
        self._work = work
        self._owner = owner or f"{socket.gethostname()} {secrets.token_hex(8)}"
        self._monotonic = monotonic
        self._renew_at: float | None = None  # while it is held

    def held(self) -> bool:
        """Take the lease, or renew it in time; False while it is another's. Raises StoreUnavailable."""
        now = self._monotonic()
        if self._renew_at is not None and now < self._renew_at:
            return True
        self._renew_at = None
        if not self._leases.take(self._work, self._owner, seconds=LEASE_SECONDS):
            return False
        self._renew_at = now + RENEW_SECONDS
        return True

    def release(self) -> None:
        """Leave the work to others at once. Raises StoreUnavailable."""
        if self._renew_at is not None:
            self._renew_at = None
            self._leases.release(self._work, self._owner)


class LeasedWork:
    """Work in pieces: `piece` does one and says whether it found any; `meanwhile` goes to the log."""

    def __init__(self, lease: WorkLease, piece: Callable[[], bool], alarm: Alarm, *, meanwhile: str) -> None:
        self._lease = lease
        self._piece = piece
        self._alarm = alarm
        self._meanwhile = meanwhile

    def do_one(self) -> bool:
        """Do a piece; False where none is left, another process does them, or the database is away."""
        try:
            found = self._lease.held() and self._piece()
        except StoreUnavailable as error:
            self._alarm.failed(f"{error} {self._meanwhile}")
            return False
        self._alarm.well()
        return found

    def leave(self) -> None:
        """Let another process go on at once; one that the database cannot tell waits for the lease's end."""
        with contextlib.suppress(StoreUnavailable):
            self._lease.release()
