"""Sends to webhooks all the time: each webhook in one thread at a time, of all processes that do this."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from events.webhooks.delivering import Courier
from events.webhooks.errors import StoreUnavailable
from events.webhooks.model import Webhook
from events.webhooks.ports import DeliveryQueue
from service.alarm import Alarm

log = logging.getLogger("waypost.webhooks")

LEASE_SECONDS: Final = 60.0  # for a turn, and the attempt and the look-up that it ends with
POLL_SECONDS: Final = 0.25  # between two looks for what is to be sent
PAUSE_SECONDS: Final = 0.02
LONGEST_WAIT_SECONDS: Final = 30.0  # between two attempts at a database that is away
TIDY_SECONDS: Final = 60.0


class WebhookDeliveries:
    """Runs in a process of its own. `owner` is what its leases are known by; `tidy` is called now and then.

    Of the threads at most half are for endpoints whose last attempt failed: where they answer nothing, each
    holds its thread for as long as an attempt may take, and those that work must not wait for them.
    """

    def __init__(
        self,
        *,
        queue: DeliveryQueue,
        courier: Courier,
        tidy: Callable[[], None],
        owner: str,
        concurrency: int,
        stopping: threading.Event,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue = queue
        self._courier = courier
        self._tidy = tidy
        self._owner = owner
        self._concurrency = concurrency
        self._stopping = stopping
        self._monotonic = monotonic
        self._under_way: dict[bool, int] = {False: 0, True: 0}  # by whether the endpoint failed
        self._counting = threading.Lock()
        self._ended = threading.Event()  # set when a thread has become free
        self._tidy_at = monotonic()
        self._database = Alarm(log, "webhooks")

    def run(self) -> None:
        """Send until `stopping` is set; return once what is under way has ended."""
        wait = 0.0
        with ThreadPoolExecutor(self._concurrency, thread_name_prefix="webhook") as pool:
            while not self._stopping.is_set():
                well = self._round(pool)
                wait = POLL_SECONDS if well else min(2 * wait + POLL_SECONDS, LONGEST_WAIT_SECONDS)
                if well:
                    self._ended.wait(wait)
                    self._ended.clear()
                # One look serves all threads that become free within a moment.
                self._stopping.wait(PAUSE_SECONDS if well else wait)

    def release(self) -> None:
        """Let others send what this process has taken and not sent."""
        try:
            self._queue.release(self._owner)
        except StoreUnavailable as error:
            log.warning("leases end by themselves in at most %d s: %s", LEASE_SECONDS, error)

    def _round(self, pool: ThreadPoolExecutor) -> bool:
        """Begin what is to be sent now; False where the database is away."""
        try:
            for webhook in self._taken():
                self._count(webhook, 1)
                pool.submit(self._serve, webhook)
            if self._monotonic() >= self._tidy_at:
                self._tidy_at = self._monotonic() + TIDY_SECONDS
                self._tidy()
        except StoreUnavailable as error:
            self._database.failed(f"{error} Nothing is sent meanwhile")
            return False
        self._database.well()
        return True

    def _taken(self) -> list[Webhook]:
        with self._counting:
            free = self._concurrency - sum(self._under_way.values())
            failing = max(self._concurrency // 2, 1) - self._under_way[True]
        if not free:
            return []
        return self._queue.take_due(self._owner, limit=free, failing=max(failing, 0), seconds=LEASE_SECONDS)

    def _serve(self, webhook: Webhook) -> None:
        try:
            if self._courier.serve(webhook):
                self._queue.release(self._owner, webhook.id)
        except StoreUnavailable as error:
            self._database.failed(f"{error} Nothing is sent meanwhile")
        except Exception:  # one webhook that trips over a fault of ours must not keep others from theirs
            # Its lease is kept: without that rest the fault would come again at once, and fill the log.
            log.exception("webhook %s cannot be served", webhook.id)
        finally:
            self._count(webhook, -1)
            self._ended.set()

    def _count(self, webhook: Webhook, change: int) -> None:
        with self._counting:
            self._under_way[webhook.failures > 0] += change
