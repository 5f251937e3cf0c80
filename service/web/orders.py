"""Certificates that callers of the API ordered, one after the other, in a thread that may be cut off."""

import logging
import queue
import threading
from collections.abc import Callable
from typing import Final

log = logging.getLogger("waypost.service")

MOST_WAITING: Final = 100


class OrderQueue:
    """Its thread is one that nothing waits for at the end: an order takes minutes, and can be made again."""

    def __init__(self) -> None:
        self._orders: queue.Queue[Callable[[], object]] = queue.Queue(MOST_WAITING)
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def put(self, order: Callable[[], object]) -> bool:
        """Return whether there was room; an order that fails is logged."""
        try:
            self._orders.put_nowait(order)
        except queue.Full:
            return False
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="orders", daemon=True)
                self._thread.start()
        return True

    def _work(self) -> None:
        while True:
            order = self._orders.get()
            try:
                order()
            except Exception:  # whatever it was, the next order is another one's
                log.exception("a certificate that was asked for over the API was not ordered")
