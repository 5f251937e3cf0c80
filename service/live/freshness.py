"""When what is in memory is read again: at once where the database tells of a change, else every second."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final, Protocol

from service.alarm import Alarm
from storage.failures import DatabaseUnavailable

log = logging.getLogger("waypost.service")

PAUSE_SECONDS: Final = 1.0  # after each reading: of a thousand changes in a row a few readings are made
LISTENING_SECONDS: Final = 10.0  # then it is read all the same: a network may forget a connection silently
LISTEN_AGAIN_SECONDS: Final = 10.0


class Listener(Protocol):
    """What tells of changes: `storage.notifications.Notifications`; a fake in tests."""

    @property
    def possible(self) -> bool: ...
    @property
    def descriptor(self) -> int | None: ...
    def listen(self) -> None: ...
    def hear(self) -> bool: ...
    def close(self) -> None: ...


class Freshness:
    """Has `refresh`, which blocks, called in a thread: once at a time, so that readings never pile up."""

    def __init__(
        self,
        listener: Listener,
        refresh: Callable[[], None],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._listener = listener
        self._refresh = refresh
        self._monotonic = monotonic
        self._listen_at = monotonic()
        self._alarm = Alarm(log, "database")

    async def run(self) -> None:
        """Go on until cancelled."""
        try:
            while True:
                await asyncio.to_thread(self._round)
                await asyncio.sleep(PAUSE_SECONDS)
                if self._listener.descriptor is not None:
                    await self._until_told(self._listener.descriptor)
        finally:
            self._listener.close()

    def _round(self) -> None:
        # Listening first: what is changed between the two is told of.
        self._listen()
        try:
            self._refresh()
        except Exception:  # whatever it was, the next round may do better; without rounds all would grow old
            log.exception("what is in memory could not be refreshed")

    def _listen(self) -> None:
        listener = self._listener
        if not listener.possible or listener.descriptor is not None or self._monotonic() < self._listen_at:
            return
        self._listen_at = self._monotonic() + LISTEN_AGAIN_SECONDS
        try:
            listener.listen()
        except DatabaseUnavailable as error:
            self._alarm.failed(f"{error} Until it tells of changes it is asked every second")
        else:
            self._alarm.well()

    async def _until_told(self, descriptor: int) -> None:
        told = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(descriptor, told.set)
        try:
            async with asyncio.timeout(LISTENING_SECONDS):
                await told.wait()
        except TimeoutError:
            return
        finally:
            loop.remove_reader(descriptor)
        self._listener.hear()
