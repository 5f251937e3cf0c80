"""Certificates that a client waits for, in a worker of the tracker: the parent process orders them."""

import asyncio
from collections.abc import Callable

from service.live.certificates import LiveCertificates


class OrdersOfParent:
    """For one event loop. One question for a host at a time, however many wait.

    `may_ask` says at once, from memory, whether a host is one of ours: for any other name nobody is asked.
    `ask` sends the question; `answered` is to be called for each.
    """

    def __init__(
        self, *, may_ask: Callable[[str], bool], ask: Callable[[str], None], live: LiveCertificates
    ) -> None:
        self._may_ask = may_ask
        self._ask = ask
        self._live = live
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._learning: set[asyncio.Task[None]] = set()

    async def wait_for(self, host: str) -> None:
        """Return when the host has a certificate in `LiveCertificates`, or will have none for now."""
        if not self._may_ask(host):
            return
        answer = self._waiting.get(host)
        if answer is None:
            answer = self._waiting[host] = asyncio.get_running_loop().create_future()
            self._ask(host)
        await asyncio.shield(answer)  # who gives up does not end it for the others

    def answered(self, host: str, version: int) -> None:
        """End the waiting, once what is known of the host is at least of this version."""
        task = asyncio.create_task(self._learn(host, version))
        self._learning.add(task)
        task.add_done_callback(self._learning.discard)

    async def _learn(self, host: str, version: int) -> None:
        known = self._live.find(host)
        try:
            if version > (known.version if known else 0):
                await asyncio.to_thread(self._live.refresh)
        finally:
            answer = self._waiting.pop(host, None)
            if answer is not None and not answer.done():
                answer.set_result(None)
