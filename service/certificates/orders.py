"""Certificates that a client waits for: one order for a host in this process, however many wait."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from certificates import rules
from certificates.errors import StoreUnavailable
from certificates.issuing import Outcome, Result
from service.alarm import Alarm
from service.daemon_thread import in_daemon_thread
from service.live.certificates import LiveCertificates

log = logging.getLogger("waypost.certificates")

AT_ONCE: Final = 8  # orders; the others wait for a place, and their clients with them
REFUSED_SECONDS: Final = 30.0  # what is not allowed, or failed, is not asked for again
AWAY_SECONDS: Final = 3.0  # nor is anything while the database is away
LOOK_SECONDS: Final = 0.1  # between two looks for what another order brings


class OrdersOnDemand:
    """For one event loop.

    `may_ask` says at once, from memory, whether a host is one of ours: for any other name nothing is done.
    `order` blocks, and may raise `certificates.errors.StoreUnavailable`.
    """

    def __init__(
        self,
        *,
        may_ask: Callable[[str], bool],
        order: Callable[[str], Outcome],
        live: LiveCertificates,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        in_thread: Callable[[Callable[[], Outcome]], Awaitable[Outcome]] = in_daemon_thread,
    ) -> None:
        self._may_ask = may_ask
        self._order = order
        self._live = live
        self._clock = clock
        self._monotonic = monotonic
        self._in_thread = in_thread
        self._places = asyncio.Semaphore(AT_ONCE)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._refused: dict[str, float] = {}  # until when; of our own hosts alone, so that it stays small
        self._alarm = Alarm(log, "certificates on demand")

    async def wait_for(self, host: str) -> None:
        """Return when the host has a certificate in `LiveCertificates`, or will have none for now."""
        if not self._may_ask(host) or self._refused.get(host, 0.0) > self._monotonic():
            return
        task = self._running.get(host)
        if task is None:
            task = self._running[host] = asyncio.create_task(self._bring(host))
            task.add_done_callback(lambda _: self._running.pop(host))
        await asyncio.shield(task)  # who gives up does not end it for the others

    async def _bring(self, host: str) -> None:
        self._refused.pop(host, None)
        try:
            async with self._places:
                outcome = await self._in_thread(lambda: self._order(host))
        except StoreUnavailable as error:
            self._alarm.failed(f"{error} None can be ordered meanwhile")
            self._refuse(host, AWAY_SECONDS)
            return
        except Exception:  # a fault with one host must not end the handshakes of others
            log.exception("no certificate for %s", host)
            self._refuse(host, REFUSED_SECONDS)
            return
        self._alarm.well()
        if outcome.result is Result.UNDER_WAY:
            await self._other_order(outcome)
        elif outcome.result not in (Result.ISSUED, Result.GOOD):
            self._refuse(host, REFUSED_SECONDS)

    async def _other_order(self, seen: Outcome) -> None:
        """Wait for an order of another process, or of our background work, to end."""
        while seen.until is not None and self._clock() < seen.until:
            known = self._live.find(seen.record.host) or seen.record
            if known.version >= seen.record.version and not rules.is_leased(known, self._clock()):
                return
            await asyncio.sleep(LOOK_SECONDS)

    def _refuse(self, host: str, seconds: float) -> None:
        self._refused[host] = self._monotonic() + seconds
