"""Clicks a second on one core, and CPU time a request: keep-alive, tokens opened, every hit in a journal.

The tracker runs in a process of its own with the real journal in a temporary directory; the load comes from
this one, over loopback. CPU time is the tracker process's own, so it holds however busy the machine is.
"""

import asyncio
import multiprocessing
import resource
import secrets
import socket
import tempfile
import time
from itertools import cycle
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import uvloop
from prometheus_client import CollectorRegistry

from events.journal import Journal
from links import ClickToken, KeyRing, OpenToken, seal
from links.ids import record_id
from tracker import OperatorPage, TrackerApp, TrackerServer
from tracker.metrics import TrackerMetrics

CONNECTIONS = 32
WARM_UP = 2_000
REQUESTS = 40_000
RING = KeyRing.first(bytes(range(32)), now=0)
MESSAGE = "01977420dc00010203040506"
RECIPIENT = "a1b2c3d4e5f60718"
URL = (
    "https://www.example.com/mens/shoes?utm_source=newsletter&utm_medium=email&utm_campaign=summer_sale_2025"
)
USER_AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0"
)


def main() -> None:
    print(f"tracker: {REQUESTS:,} requests on {CONNECTIONS} kept connections, one process")
    print(f"{'':34} {'requests/s':>10} {'CPU µs each':>12}")
    for name, paths in (
        ("click, 302", [click_path(link) for link in range(1, 65)]),
        ("open, pixel", [open_path()]),
        ("unknown click, 404, not recorded", ["/c/forged"]),
        ("health check", ["/healthz"]),
    ):
        rate, cpu = measure(paths)
        print(f"{name:34} {rate:10,.0f} {cpu:12.1f}")


def click_path(link: int) -> str:
    token = ClickToken(project=1, message=MESSAGE, recipient=RECIPIENT, link=link, url=URL)
    return f"/c/{seal(token, RING.sealing(0))}"


def open_path() -> str:
    return f"/o/{seal(OpenToken(project=1, message=MESSAGE, recipient=RECIPIENT), RING.sealing(0))}"


def measure(paths: list[str]) -> tuple[float, float]:
    """Return requests a second, and microseconds of CPU a request."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs,))
    process.start()
    try:
        port = ours.recv()
        requests = [request(path) for path in paths]
        uvloop.run(load(port, requests, WARM_UP))
        cpu_before = ask_cpu(ours)
        start = time.perf_counter()
        uvloop.run(load(port, requests, REQUESTS))
        seconds = time.perf_counter() - start
        return REQUESTS / seconds, (ask_cpu(ours) - cpu_before) / REQUESTS * 1e6
    finally:
        ours.send("stop")
        process.join(30)


def request(path: str) -> bytes:
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: track.example.com",
        f"User-Agent: {USER_AGENT}",
        "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "Accept-Language: en-GB,en;q=0.5",
        "Accept-Encoding: gzip, deflate, br",
    ]
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def ask_cpu(pipe: Connection) -> float:
    pipe.send("cpu")
    seconds: float = pipe.recv()
    return seconds


class Client(asyncio.Protocol):
    """Sends the next request when the answer to the last has come."""

    def __init__(self, requests: "cycle[bytes]", budget: list[int], done: asyncio.Future[None]) -> None:
        self.requests = requests
        self.budget = budget  # answers that are still to come, of all clients
        self.done = done
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance
        self.transport.write(next(self.requests))

    def data_received(self, data: bytes) -> None:
        for _ in range(data.count(b"HTTP/1.1 ")):  # a body may come by itself, or with the next answer
            self.budget[0] -= 1
            if self.budget[0] > 0:
                self.transport.write(next(self.requests))
            elif not self.done.done():
                self.done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("closed by the tracker"))


async def load(port: int, requests: list[bytes], count: int) -> None:
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()
    budget, each = [count], cycle(requests)
    for _ in range(CONNECTIONS):
        await loop.create_connection(lambda: Client(each, budget, done), "127.0.0.1", port)
    await done


def serve(pipe: Connection) -> None:
    """Run in the other process: serve until told to stop, and tell the CPU time used so far."""
    with tempfile.TemporaryDirectory() as directory:
        uvloop.run(serving(pipe, Path(directory)))


async def serving(pipe: Connection, directory: Path) -> None:
    journal = Journal(directory, clock=milliseconds, new_suffix=lambda: secrets.token_hex(4))
    app = TrackerApp(
        ring=lambda: RING,
        record=journal.append,
        metrics=TrackerMetrics(CollectorRegistry()),
        clock=milliseconds,
        new_id=lambda: record_id(secrets.token_bytes(16)),
        page=OperatorPage(),
    )
    sock = socket.create_server(("127.0.0.1", 0), backlog=1024)
    server = TrackerServer(app, [sock])
    await server.start()
    pipe.send(sock.getsockname()[1])
    while await asyncio.to_thread(pipe.recv) == "cpu":
        used = resource.getrusage(resource.RUSAGE_SELF)
        pipe.send(used.ru_utime + used.ru_stime)
    await server.stop()
    journal.close()


def milliseconds() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    main()
