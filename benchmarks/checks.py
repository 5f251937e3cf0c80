"""Scheduled checks of tracking domains: how many a second, what one costs, and what clicks feel of them.

The DNS server runs in a process of its own; one domain in a hundred is never answered, two get SERVFAIL. The
clicks come at a steady pace, whatever the answers take. With two cores the DNS server and the load have one
of them to share with what is measured.
"""

import asyncio
import multiprocessing
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import uvloop

from benchmarks.processes import PATIENCE, cpu_seconds, memory
from benchmarks.tracker import MESSAGE, RECIPIENT, URL, request
from links import ClickToken, seal
from links.key_ring import KeyRing
from service.key_file import load_key_ring
from service.settings import KeysSection
from storage.domain_store import SqlDomainStore
from storage.engine import open_engine
from tests.dns_server import DnsServer, Failure
from tests.running import COMMAND, clean_environment, free_port

DOMAINS = 1_000
TARGET = "links.waypost.test"
CLICKS_PER_SECOND = 200
CLICK_SECONDS = 8.0
CONNECTIONS = 16
ROUNDS = 3
HOUR = 3_600
SERVE = (COMMAND, "serve")
WAYS = {
    "no checks": (SERVE, False),
    "checks in a process of their own": (SERVE, True),
    "checks in threads of the same process": ((sys.executable, "-m", "benchmarks.checks_in_threads"), True),
}


def main() -> None:
    with dns_server() as port:
        rate, cpu, size = checks_alone(port)
        print(f"{DOMAINS:,} domains, 16 at a time, 1 % never answered: {rate:.0f} checks/s")
        print(f"10,000 domains: {10_000 / rate / 60:.1f} minutes; {cpu * 1e3:.1f} ms of CPU a check")
        print(f"{cpu * 10_000 / HOUR:.1%} of a core for 10,000 an hour; memory {size / 2**20:.0f} MiB\n")
        print(f"clicks at {CLICKS_PER_SECOND}/s while all domains are due: ms, medians of {ROUNDS} rounds")
        print(f"{'':40} {'p50':>6} {'p90':>6} {'p99':>6}")
        rounds = [
            [clicks_beside(port, command, checks=checks) for command, checks in WAYS.values()]
            for _ in range(ROUNDS)
        ]
        for way, results in zip(WAYS, zip(*rounds, strict=True), strict=True):
            medians = map(statistics.median, zip(*results, strict=True))
            print(f"{way:40} " + " ".join(f"{median:6.2f}" for median in medians))


@contextmanager
def dns_server() -> Iterator[int]:
    """Serve the domains in another process; yield its port."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve_dns, args=(theirs,))
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("stop")
        process.join(PATIENCE)


def serve_dns(pipe: Connection) -> None:
    with DnsServer() as server:
        server.add(TARGET, "A", "192.0.2.10")
        for number in range(DOMAINS):
            match number % 100:
                case 0:
                    server.fail(name(number), Failure.DROP)
                case 1 | 2:
                    server.fail(name(number), Failure.SERVFAIL)
                case 3 | 4 | 5:
                    server.add(name(number), "CNAME", "elsewhere.test")
                case 6 | 7:
                    pass  # no record
                case _:
                    server.add(name(number), "CNAME", TARGET)
        pipe.send(server.port)
        pipe.recv()


def name(number: int) -> str:
    return f"track.customer{number}.example"


class Installation:
    """`waypost serve` in a folder, with all domains due."""

    def __init__(self, folder: Path, dns_port: int, *, checks: bool) -> None:
        self.folder = folder
        self.http_port = free_port()
        (folder / "waypost.toml").write_text(
            f'[relay]\nlisten = ["127.0.0.1:{free_port()}"]\n'
            f'[tracker]\nlisten = ["127.0.0.1:{self.http_port}"]\n'
            f'[domains]\ncname_targets = ["{TARGET}"]\nnameservers = ["127.0.0.1"]\n'
            f"nameserver_port = {dns_port}\n"
            'certificate_authority = ""\nprobe_http_port = 0\nprobe_https_port = 0\n'
            f"background_checks = {str(checks).lower()}\n"
        )
        command = [COMMAND, "init", "--if-missing"]
        subprocess.run(command, cwd=folder, env=clean_environment(), check=True, capture_output=True)
        self._add_domains()

    def _add_domains(self) -> None:
        engine = open_engine(f"sqlite:///{self.folder}/var/waypost.db")
        store = SqlDomainStore(engine)
        for number in range(DOMAINS):
            store.add_tracking_domain(
                project=1, name=name(number), target=TARGET, created_at=datetime.now(UTC)
            )
        engine.dispose()

    def checked(self) -> int:
        """Return how many domains were checked."""
        connection = sqlite3.connect(self.folder / "var/waypost.db")
        try:
            [count] = connection.execute("SELECT count(checked_at) FROM tracking_domains").fetchone()
            return int(count)
        finally:
            connection.close()

    @property
    def ring(self) -> KeyRing:
        return load_key_ring(KeysSection(file=self.folder / "var/keys.json"))


def checks_alone(dns_port: int) -> tuple[float, float, int]:
    """Return checks a second, seconds of CPU a check, and the octets of memory that the process takes."""
    with tempfile.TemporaryDirectory() as folder:
        installation = Installation(Path(folder), dns_port, checks=True)
        with serving(installation, (*SERVE, "--only", "background")) as pid:
            checker = await_checker(pid)
            start, used = time.perf_counter(), cpu_seconds(checker)
            while installation.checked() < DOMAINS:
                time.sleep(0.1)
            seconds, used = time.perf_counter() - start, cpu_seconds(checker) - used
            return DOMAINS / seconds, used / DOMAINS, memory(checker)


def clicks_beside(dns_port: int, command: Sequence[str | Path], *, checks: bool) -> list[float]:
    """Return the median, the 90th and the 99th percentile of what clicks took, in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        installation = Installation(Path(folder), dns_port, checks=checks)
        with serving(installation, command):
            while checks and not installation.checked():
                time.sleep(0.05)
            taken = sorted(uvloop.run(clicks(installation)))
            if checks and installation.checked() == DOMAINS:
                print("(all were checked before the last click: too few domains)")
            return [taken[int(len(taken) * part)] * 1e3 for part in (0.5, 0.9, 0.99)]


async def clicks(installation: Installation) -> list[float]:
    """Click at a steady pace on kept connections, and return how long each took."""
    key = installation.ring.sealing(time.time_ns() // 1_000_000)
    token = ClickToken(project=1, message=MESSAGE, recipient=RECIPIENT, link=1, url=URL)
    asked = request(f"/c/{seal(token, key)}")
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", installation.http_port))

    async def click(due: float) -> float:
        reader, writer = await free.get()
        writer.write(asked)
        await reader.readuntil(b"\r\n\r\n")
        free.put_nowait((reader, writer))
        return time.perf_counter() - due

    under_way, start = [], time.perf_counter()
    for number in range(int(CLICK_SECONDS * CLICKS_PER_SECOND)):
        due = start + number / CLICKS_PER_SECOND
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        under_way.append(asyncio.create_task(click(time.perf_counter())))
    return await asyncio.gather(*under_way)


@contextmanager
def serving(installation: Installation, command: Sequence[str | Path]) -> Iterator[int]:
    """Run the command in the installation's folder until the end; yield its process id once it is ready."""
    environment = clean_environment({"PYTHONPATH": str(Path(__file__).parents[1])})
    process = subprocess.Popen(
        command, cwd=installation.folder, env=environment, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if line.rstrip().endswith(" ready"):
                break
        threading.Thread(target=process.stderr.read, daemon=True).start()
        yield process.pid
    finally:
        process.terminate()
        process.wait(PATIENCE)


def await_checker(parent: int) -> int:
    """Wait until the process that checks runs, and return its id."""
    children = Path(f"/proc/{parent}/task/{parent}/children")
    while not (found := children.read_text().split()):
        time.sleep(0.01)
    return int(found[0])


if __name__ == "__main__":
    main()
