"""Has what is past its time deleted, beside mail and clicks."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Final

from accounts.model import Project
from accounts.privacy import NOTHING_SAID
from events.ports import HitPartitions, StoreUnavailable
from events.retention import Deleted, Keeping, KeepingRules, RetentionStore, expire
from service.alarm import Alarm
from service.settings import PrivacySection
from service.unbroken import unbroken
from service.work_lease import WorkLease

log = logging.getLogger("waypost.service")

ROUND_SECONDS: Final = 6 * 3600.0  # between two rounds: what is kept is kept for days
RETRY_SECONDS: Final = 60.0  # where another process does it, or the database is away
REST: Final = 3.0  # after a step, times what it took: three quarters of the time are others'


def keeping_rules(section: PrivacySection, projects: Iterable[Project]) -> KeepingRules:
    """Return what the settings and projects say."""
    default = Keeping(message_days=section.message_days, event_days=section.event_days)
    return KeepingRules(
        default=default,
        projects={
            project.id: Keeping(
                message_days=_first(project.privacy.message_days, default.message_days),
                event_days=_first(project.privacy.event_days, default.event_days),
            )
            for project in projects
            if project.privacy != NOTHING_SAID
        },
    )


class Retention:
    """Deletes in rounds. `rules` gives those of the moment, `clock` milliseconds since 1970."""

    def __init__(
        self,
        store: RetentionStore,
        partitions: HitPartitions,
        lease: WorkLease,
        *,
        rules: Callable[[], KeepingRules],
        clock: Callable[[], int],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._partitions = partitions
        self._lease = lease
        self._rules = rules
        self._clock = clock
        self._monotonic = monotonic
        self._alarm = Alarm(log, "retention")
        self._ended_at = monotonic()
        self._stale = False  # whether what was deleted may still stand in the database's files

    def age(self) -> float:
        """Return how many seconds ago a round last ended, or was another process's work."""
        return self._monotonic() - self._ended_at

    async def run(self) -> None:
        """Go on until cancelled, which waits for one step."""
        while True:
            done = await unbroken(self.round(), otherwise=False)
            await asyncio.sleep(ROUND_SECONDS if done else RETRY_SECONDS)

    async def round(self) -> bool:
        """Delete all that is past its time; False where that is another's, or has to be tried again."""
        total = Deleted()
        try:
            steps = expire(self._store, self._partitions, self._rules(), self._clock())
            while (done := await self._step(steps)) is not None:
                total = total.plus(done)
                self._stale = self._stale or bool(done)
            if self._stale:
                self._stale = not await asyncio.to_thread(self._store.wipe)
        except _AnothersWork:
            self._ended_at = self._monotonic()
            return False
        except StoreUnavailable as error:
            self._alarm.failed(f"{error} What is past its time is deleted later")
            return False
        finally:
            _tell(total)
        self._alarm.well()
        if not self._stale:
            self._ended_at = self._monotonic()
        return not self._stale

    def stop(self) -> None:
        """Leave the rest to others."""
        with contextlib.suppress(StoreUnavailable):
            self._lease.release()

    async def _step(self, steps: Iterator[Deleted]) -> Deleted | None:
        """Do the next step and rest; None where there is none. Raises _AnothersWork, StoreUnavailable."""
        begun = self._monotonic()
        done = await asyncio.to_thread(self._next, steps)
        await asyncio.sleep(REST * (self._monotonic() - begun))
        return done

    def _next(self, steps: Iterator[Deleted]) -> Deleted | None:
        if not self._lease.held():
            raise _AnothersWork
        return next(steps, None)


class _AnothersWork(Exception):
    """Another process deletes."""


def _tell(total: Deleted) -> None:
    if total:
        log.info(
            "past their time: %d clicks and opens, %d outcomes, %d messages, recipients of %d messages",
            *(total.hits, total.outcomes, total.messages, total.named),
        )


def _first(said: int | None, default: int) -> int:
    return default if said is None else said


@contextlib.asynccontextmanager
async def retaining(retention: Retention) -> AsyncIterator[None]:
    """Delete what is past its time, all the time."""
    task = asyncio.create_task(retention.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        await asyncio.to_thread(retention.stop)
