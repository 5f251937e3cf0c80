"""A worker process of the tracker: it accepts on the parent's sockets beside the others.

All wait on one socket, so that no connection waits for a worker that died, hangs or is busy; with a socket
for each (SO_REUSEPORT) those that the kernel had spread to it would.
"""

import asyncio
import logging
import socket
import sys

from sqlalchemy import Engine

from service import process_memory
from service.background import keep_fresh
from service.certificates.requests import OrdersOfParent
from service.certificates.wiring import build_challenges, host_certificates
from service.logs import configure_logging
from service.settings import TlsMode
from service.tracker_wiring import TrackerSockets, build_server
from service.wiring import Live, build_live, own_certificate
from service.workers.channel import Channel
from service.workers.messages import BeginTracker, Log, Order, Ordered, Ready, Stop
from service.workers.worker import run_worker
from tracker.server import TrackerServer

log = logging.getLogger("waypost.service")


async def work(begin: BeginTracker, engine: Engine, pair_end: socket.socket) -> None:
    """Serve until the parent says so, or is gone. Raises OperatorError where it cannot start."""
    issues = begin.settings.tls.mode is TlsMode.ACME
    live = build_live(begin.settings, engine, seed=begin.seed, with_certificates=issues)
    try:
        async with keep_fresh(begin.settings, live, live.refresh):
            parent = Parent(pair_end)
            server = _server(begin, live, engine, parent)
            await server.start()
            process_memory.settle()
            await parent.until_told_to_stop()
            await server.stop()
    finally:
        live.close_journal()


def _server(begin: BeginTracker, live: Live, engine: Engine, parent: "Parent") -> TrackerServer:
    sockets = TrackerSockets(
        plain=tuple(socket.socket(fileno=descriptor) for descriptor in begin.plain),
        secure=tuple(socket.socket(fileno=descriptor) for descriptor in begin.secure),
    )
    settings = begin.settings
    if live.certificates is None:
        return build_server(settings, live, sockets, own_certificate(settings.tls), None)
    orders = parent.orders = OrdersOfParent(
        may_ask=lambda host: live.directory.current.was_verified(host),
        ask=lambda host: parent.ask(host),
        live=live.certificates,
    )
    certificates = host_certificates(settings, live, live.certificates, orders)
    return build_server(settings, live, sockets, certificates, build_challenges(engine).answer)


class Parent:
    """The channel to the parent; `orders` is told what it answers."""

    def __init__(self, pair_end: socket.socket) -> None:
        self.orders: OrdersOfParent | None = None
        self._stopping = asyncio.Event()
        self._channel = Channel(pair_end, received=self._received, closed=self._stopping.set)

    def ask(self, host: str) -> None:
        """Ask for a certificate."""
        self._channel.send(Order(host))

    async def until_told_to_stop(self) -> None:
        """Say that connections are taken, and return when no more are to be, or the parent is gone."""
        self._channel.send(Ready())
        await self._stopping.wait()

    def _received(self, message: object, _: socket.socket | None) -> None:
        match message:
            case Ordered(host, version) if self.orders is not None:
                self.orders.answered(host, version)
            case Log(section):
                configure_logging(section)
            case Stop():
                self._stopping.set()


if __name__ == "__main__":
    sys.exit(run_worker(work))
