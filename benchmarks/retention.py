"""Deleting a million clicks that are past their time: how long those who click meanwhile wait.

`waypost serve --only tracker --only background` does both in one process. Another project keeps its clicks
for ever, so that PostgreSQL cannot drop partitions whole. `python -m benchmarks.retention 100000` deletes
fewer.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles

from sqlalchemy import Engine

from benchmarks.tracker import URL, USER_AGENT
from links import ClickToken, KeyRing, seal
from service.key_file import load_key_ring
from service.settings_file import load_settings
from storage.engine import open_engine
from storage.partitions import SqlHitPartitions
from tests.postgresql import PostgreSQL
from tests.running import RunningWaypost, free_port, waypost

HITS = 1_000_000
RATE = 100  # clicks a second
READERS = 10
DAY = 86_400_000
DAYS_AGO = 500

_COMMANDS = (
    ("init", "--if-missing"),
    ("project", "add", "keeps"),
    ("project", "set", "keeps", "--event-days", "0"),
)
_NUMBERS = {
    "sqlite": "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) ",
    "postgresql": "WITH s AS (SELECT generate_series(1, {count}) AS n) ",
}
_HITS = (
    "INSERT INTO hits"
    " (id, at, kind, project, message, recipient, link, url, host, address, user_agent, method)"
    " {numbers}SELECT CAST(100000000 + n AS text), {start} + n * 50, 'click', 1, 'm' || (n / 4),"
    " 'r' || (n / 4), 1, '{url}', 'track.example.com', '203.0.113.9', '{agent}', 'GET' FROM s"
)


def main(count: int = HITS) -> None:
    print(f"{RATE} clicks a second on each; ms until the answer; {count:,} clicks deleted meanwhile")
    print(f"{'':34} {'50 %':>8} {'95 %':>8} {'99 %':>8} {'deleted/s':>10}")
    with tempfile.TemporaryDirectory() as folder, PostgreSQL(durable=True) as server:
        for name in ("SQLite", "PostgreSQL"):
            idle, deleting = (
                _Installation(Path(folder, f"{name}-{what}"), _url(name, what, server))
                for what in ("idle", "deleting")
            )
            with _engine(deleting.url) as engine:
                _fill(engine, count)
            _measure(name, idle, deleting, count)


def _url(name: str, what: str, server: PostgreSQL) -> str:
    if name == "SQLite":
        return "sqlite:///var/waypost.db"
    server.execute("CREATE DATABASE {}", what)
    return server.url(what)


def _measure(name: str, idle: "_Installation", deleting: "_Installation", count: int) -> None:
    """Click on both at the same time: whatever else the machine does, it does to both."""
    only = ("--only", "tracker", "--only", "background")
    with RunningWaypost(idle.folder, *only), RunningWaypost(deleting.folder, *only) as busy:
        begun = time.perf_counter()
        took = asyncio.run(_both(idle, deleting, lambda: any("past their time" in line for line in busy.log)))
        seconds = time.perf_counter() - begun
    _show(f"{name}, nothing to delete", took[0])
    _show(f"{name}, deleting", took[1], f"{count / seconds:10,.0f}")


class _Installation:
    def __init__(self, folder: Path, url: str) -> None:
        folder.mkdir()
        self.folder = folder
        self.port = free_port()
        file = folder / "waypost.toml"
        file.write_text(
            f'[tracker]\nlisten = ["127.0.0.1:{self.port}"]\n[database]\nurl = "{url}"\n'
            "[privacy]\nmessage_days = 30\nevent_days = 365\n"
        )
        for command in _COMMANDS:
            if (done := waypost(folder, *command)).returncode:
                raise RuntimeError(done.stderr)
        settings = load_settings(file, {})
        self.request = _request(load_key_ring(settings.keys))
        self.url = settings.database.url


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = open_engine(url)
    yield engine
    engine.dispose()


def _fill(engine: Engine, count: int) -> None:
    start = (time.time_ns() // 1_000_000 // DAY - DAYS_AGO) * DAY
    numbers = _NUMBERS[engine.dialect.name].format(count=count)
    with engine.execution_options(waypost_writes=True).begin() as connection:
        connection.exec_driver_sql(_HITS.format(numbers=numbers, start=start, url=URL, agent=USER_AGENT))
    SqlHitPartitions(engine).make_ahead(time.time_ns() // 1_000_000)


def _request(ring: KeyRing) -> bytes:
    token = ClickToken(
        project=1, message="01977420dc00010203040506", recipient="a1b2c3d4e5f60718", link=1, url=URL
    )
    path = f"/c/{seal(token, ring.sealing(0))}"
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {USER_AGENT}\r\n\r\n".encode()


async def _both(
    idle: _Installation, deleting: _Installation, over: Callable[[], bool]
) -> tuple[list[float], list[float]]:
    took: tuple[list[float], list[float]] = ([], [])
    readers = (
        _read(each.port, each.request, over, number, times)
        for each, times in zip((idle, deleting), took, strict=True)
        for number in range(READERS)
    )
    await asyncio.gather(*readers)
    return took


async def _read(port: int, request: bytes, over: Callable[[], bool], number: int, took: list[float]) -> None:
    """Click at a pace of one's own; what counts is the time since a click was due, late or not."""
    pause = READERS / RATE
    due = time.perf_counter() + pause * number / READERS
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while not over():
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        writer.write(request)
        answer = await reader.readuntil(b"\r\n\r\n")
        took.append(time.perf_counter() - due)
        due += pause
        if b"connection: close" in answer.lower():
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()


def _show(name: str, took: list[float], rate: str = "") -> None:
    marks = quantiles(took, n=100)
    shown = " ".join(f"{marks[mark - 1] * 1e3:8.1f}" for mark in (50, 95, 99))
    print(f"{name:34} {shown} {rate}".rstrip(), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
