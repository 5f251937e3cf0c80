"""Work in a thread that nothing waits for at the end: an order takes minutes, and may be cut off anywhere."""

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_daemon_thread(work: Callable[[], T]) -> T:
    """Return what `work` returns, or raise what it raises.

    Unlike `asyncio.to_thread`, whose threads Python waits for before it ends.
    """
    future: concurrent.futures.Future[T] = concurrent.futures.Future()

    def run() -> None:
        try:
            future.set_result(work())
        except Exception as error:  # noqa: BLE001 - whatever it was, it belongs to who waits
            future.set_exception(error)

    threading.Thread(target=run, name="certificates", daemon=True).start()
    return await asyncio.shield(asyncio.wrap_future(future))
