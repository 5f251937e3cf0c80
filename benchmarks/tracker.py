"""Clicks a second on one core and CPU time a request, beside nginx; how long answers take at half the load.

Each server runs in a process of its own: the tracker with the real journal in a temporary directory, the same
in two processes that accept on one socket, the tracker without a journal, nginx (where it is installed) with
`return 302` to one place. They take turns; the load comes from this process, over loopback. CPU time is the
server's own, so it holds however busy the machine is: one core serves as many clicks a second as fit into a
second of it.
"""

import asyncio
import contextlib
import multiprocessing
import secrets
import shutil
import socket
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import cycle
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import uvloop
from prometheus_client import CollectorRegistry

from benchmarks.processes import cpu_seconds, running
from events.journal import Journal
from links import ClickToken, KeyRing, OpenToken, seal
from links.ids import record_id
from tracker import OperatorPage, TrackerApp, TrackerServer
from tracker.metrics import TrackerMetrics
from tracker.protocol import KEPT_REQUESTS

CONNECTIONS = 32
WARM_UP = 2_000
REQUESTS = 30_000  # a turn
ROUNDS = 3
PACED_SECONDS = 5.0
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
    clicks = [click_path(link) for link in range(1, 65)]
    with contextlib.ExitStack() as servers:
        journal = servers.enter_context(tracker(journal=True))
        rows = {
            "click, 302": (journal, clicks),
            "click, 302, two workers": (servers.enter_context(tracker(journal=True, workers=2)), clicks),
            "click, 302, no journal": (servers.enter_context(tracker(journal=False)), clicks),
            "open, pixel": (journal, [open_path()]),
            "unknown click, 404, not recorded": (journal, ["/c/forged"]),
        }
        if shutil.which("nginx"):
            rows["nginx, return 302"] = (servers.enter_context(nginx()), clicks)
        print(f"{REQUESTS:,} requests on {CONNECTIONS} kept connections, the best of {ROUNDS} turns")
        print(f"{'':34} {'requests/s':>10} {'CPU µs each':>12} {'a second of one core':>21}")
        turns = [
            {name: turn(*server, paths) for name, (server, paths) in rows.items()} for _ in range(ROUNDS)
        ]
        for name in rows:
            rate, cpu = max(each[name][0] for each in turns), min(each[name][1] for each in turns)
            print(f"{name:34} {rate:10,.0f} {cpu:12.1f} {1e6 / cpu:21,.0f}")
        half = max(each["click, 302"][0] for each in turns) / 2
        took = uvloop.run(paced(journal[0], [request(path) for path in clicks], half))
    marks = statistics.quantiles(took, n=100)
    print(f"\nat half of that, {half:,.0f} clicks/s: ", end="")
    print(", ".join(f"{mark} % within {marks[mark - 1] * 1e3:.1f} ms" for mark in (50, 95, 99)))


def turn(port: int, pids: Sequence[int], paths: list[str]) -> tuple[float, float]:
    """Return requests a second, and microseconds of CPU a request."""
    requests = [request(path) for path in paths]
    uvloop.run(load(port, requests, WARM_UP))
    cpu, start = sum(map(cpu_seconds, pids)), time.perf_counter()
    uvloop.run(load(port, requests, REQUESTS))
    seconds = time.perf_counter() - start
    return REQUESTS / seconds, (sum(map(cpu_seconds, pids)) - cpu) / REQUESTS * 1e6


@contextlib.contextmanager
def tracker(*, journal: bool, workers: int = 1) -> Iterator[tuple[int, list[int]]]:
    """Yield the port and the process ids of a tracker."""
    context = multiprocessing.get_context("spawn")
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as sock, contextlib.ExitStack() as running:
        pids = []
        for _ in range(workers):
            ours, theirs = context.Pipe()
            process = context.Process(target=serve, args=(theirs, sock, journal, workers > 1))
            process.start()
            running.callback(process.join, 30)
            running.callback(ours.send, "stop")
            ours.recv()
            pids.append(process.pid or 0)
        yield sock.getsockname()[1], pids


@contextlib.contextmanager
def nginx() -> Iterator[tuple[int, list[int]]]:
    """Yield the port and the process id of nginx with one worker."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as directory:
        settings = Path(directory, "nginx.conf")
        settings.write_text(f"""
            worker_processes 1; daemon off; pid {directory}/nginx.pid; error_log {directory}/nginx.log;
            events {{ worker_connections 1024; }}
            http {{
                access_log off; keepalive_requests 1000000000;
                server {{ listen 127.0.0.1:{port}; location / {{ return 302 {URL}; }} }}
            }}""")
        with running(["nginx", "-p", directory, "-c", settings], port, greets=False) as pid:
            yield port, [pid]


def click_path(link: int) -> str:
    token = ClickToken(project=1, message=MESSAGE, recipient=RECIPIENT, link=link, url=URL)
    return f"/c/{seal(token, RING.sealing(0))}"


def open_path() -> str:
    return f"/o/{seal(OpenToken(project=1, message=MESSAGE, recipient=RECIPIENT), RING.sealing(0))}"


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


class Client(asyncio.Protocol):
    """Sends the next request when the answer to the last has come."""

    def __init__(self, requests: "cycle[bytes]", budget: list[int], done: asyncio.Future[None]) -> None:
        self.requests = requests
        self.budget = budget  # answers that are still to come, of all clients
        self.done = done
        self.loop = asyncio.get_running_loop()
        self.again: asyncio.Task[object] | None = None
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
        """Come back: a server ends a connection that has asked often."""
        if not self.done.done():
            host, port = self.transport.get_extra_info("peername")
            self.again = self.loop.create_task(self.loop.create_connection(lambda: self, host, port))


async def load(port: int, requests: list[bytes], count: int) -> None:
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()
    budget, each = [count], cycle(requests)
    for _ in range(CONNECTIONS):
        await loop.create_connection(lambda: Client(each, budget, done), "127.0.0.1", port)
    await done


class Paced(asyncio.Protocol):
    """Asks when it is told to; a time counts from when it should have asked, late or not."""

    def __init__(self, took: list[float]) -> None:
        self.took = took
        self.due: list[float] = []
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def ask(self, due: float, octets: bytes) -> None:
        self.due.append(due)
        self.transport.write(octets)

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        for _ in range(data.count(b"HTTP/1.1 ")):
            self.took.append(now - self.due.pop(0))


async def paced(port: int, requests: list[bytes], rate: float) -> list[float]:
    """Return how many seconds each answer took at `rate` requests a second."""
    loop, took = asyncio.get_running_loop(), list[float]()
    clients = [
        (await loop.create_connection(lambda: Paced(took), "127.0.0.1", port))[1] for _ in range(CONNECTIONS)
    ]
    each, next_client = cycle(requests), cycle(clients)
    start, asked = time.perf_counter(), 0
    while (now := time.perf_counter()) < start + PACED_SECONDS:
        while asked / rate <= now - start:
            next(next_client).ask(start + asked / rate, next(each))
            asked += 1
        await asyncio.sleep(0.001)
    while len(took) < asked:  # noqa: ASYNC110 - a benchmark
        await asyncio.sleep(0.01)
    for client in clients:
        client.transport.close()
    return took


def serve(pipe: Connection, sock: socket.socket, journal: bool, shared: bool) -> None:
    """Run in the other process: serve until told to stop."""
    with tempfile.TemporaryDirectory() as directory:
        uvloop.run(serving(pipe, sock, Path(directory) if journal else None, shared))


async def serving(pipe: Connection, sock: socket.socket, directory: Path | None, shared: bool) -> None:
    journal = directory and Journal(directory, clock=milliseconds, new_suffix=lambda: secrets.token_hex(4))
    app = TrackerApp(
        ring=lambda: RING,
        record=journal.append if journal else lambda hit: True,
        metrics=TrackerMetrics(CollectorRegistry()),
        clock=milliseconds,
        new_id=lambda: record_id(secrets.token_bytes(16)),
        page=OperatorPage(),
    )
    # Where they share nothing, connections are kept for ever, as nginx is told to.
    server = TrackerServer(app, [sock], kept_requests=KEPT_REQUESTS if shared else 10**9)
    await server.start()
    pipe.send("ready")
    await asyncio.to_thread(pipe.recv)
    await server.stop()
    if journal:
        journal.close()


def milliseconds() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    main()
