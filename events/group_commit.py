"""Waiting until what was appended is on the disk: one `fsync` for all that wait, and one at a time.

It begins at once, not on a timer. Whoever comes while it runs waits for the next: that one alone is known to
have begun after their write. So a single record waits for one `fsync`, and a thousand wait for two.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


class GroupCommit:
    """Runs `sync` in a thread of its own: those of the loop's pool may all be busy with large messages.

    `sync` returns whether all that was appended before it was called is on the disk. Used in one event loop.
    """

    def __init__(self, sync: Callable[[], bool]) -> None:
        self._sync = sync
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._waiting: list[asyncio.Future[bool]] = []
        self._running: asyncio.Task[None] | None = None

    async def on_disk(self) -> bool:
        """Wait until what was appended before this call is on the disk; False where that failed."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[bool] = loop.create_future()
        self._waiting.append(waiter)
        if self._running is None:
            self._running = loop.create_task(self._run())
        return await waiter

    def close(self) -> None:
        """End the thread; nobody may wait any more."""
        self._executor.shutdown()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        group: list[asyncio.Future[bool]] = []
        try:
            while self._waiting:
                group, self._waiting = self._waiting, []
                _tell(group, await loop.run_in_executor(self._executor, self._sync))
        finally:  # a sync that raised, or a loop that ends, leaves nobody waiting for ever
            self._running = None
            _tell([*group, *self._waiting], False)
            self._waiting = []


def _tell(group: list[asyncio.Future[bool]], done: bool) -> None:
    for waiter in group:
        if not waiter.done():  # whoever gave up waiting is not told
            waiter.set_result(done)
