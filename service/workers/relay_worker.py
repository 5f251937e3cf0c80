"""A worker process of the relay, on connections that the parent process accepted."""

import asyncio
import logging
import socket
import sys
from collections.abc import Coroutine
from typing import Any

from sqlalchemy import Engine

from service import process_memory
from service.background import keep_fresh
from service.relay_generation import LocalRelay
from service.wiring import build_live, build_relay
from service.workers.channel import Channel
from service.workers.messages import Adopt, Begin, Closed, Ready, Retire, Stop
from service.workers.worker import run_worker

log = logging.getLogger("waypost.service")


async def work(begin: Begin, engine: Engine, pair_end: socket.socket) -> None:
    """Relay until the parent says so, or is gone. Raises OperatorError where it cannot start."""
    live = build_live(begin.settings, engine, seed=begin.seed)
    grace = begin.settings.relay.stop_seconds
    try:
        async with keep_fresh(begin.settings, live, live.refresh):
            relay = LocalRelay(build_relay(begin.settings, live), grace=grace)
            process_memory.settle()
            await RelayWorker(relay, pair_end, grace).run()
    finally:
        live.close_journal()


class RelayWorker:
    """Does what the parent says. `grace`: seconds for what is past DATA when the parent is gone."""

    def __init__(self, relay: LocalRelay, pair_end: socket.socket, grace: float) -> None:
        self._relay = relay
        self._grace = grace
        self._ends: set[asyncio.Task[None]] = set()
        self._ended = asyncio.Event()
        self._channel = Channel(pair_end, received=self._received, closed=self._orphaned)

    async def run(self) -> None:
        """Return when the relay has ended."""
        self._channel.send(Ready())
        await self._ended.wait()
        await asyncio.gather(*self._ends)
        self._channel.close()

    def _received(self, message: object, sock: socket.socket | None) -> None:
        match message:
            case Adopt(connection=number, listener=listener):
                if sock is None or self._ends:  # no descriptor was left for it here, or it comes too late
                    self._closed(number, sock)
                else:
                    self._relay.adopt(sock, listener, lambda: self._channel.send(Closed(number)))
            case Retire():
                self._end(self._relay.retire())
            case Stop(grace):
                self._end(self._relay.stop(grace))

    def _orphaned(self) -> None:
        self._end(self._relay.stop(self._grace))

    def _closed(self, number: int, sock: socket.socket | None) -> None:
        if sock is None:
            log.error("a connection is lost: no descriptor was left for it. Raise the limit of open files")
        else:
            sock.close()
        self._channel.send(Closed(number))

    def _end(self, way: Coroutine[Any, Any, None]) -> None:
        """Go one way to the end; a shorter one may overtake it."""
        task = asyncio.create_task(way)
        self._ends.add(task)
        task.add_done_callback(lambda _: self._ended.set())


if __name__ == "__main__":
    sys.exit(run_worker(work))
