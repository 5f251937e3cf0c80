"""How long a change of one domain takes until a process uses it, with 100,000 of each kind in memory.

The change is committed on a connection of its own, at any moment; the reading is that of `waypost serve`.
"""

import asyncio
import contextlib
import random
import tempfile
import time
from collections.abc import Iterator
from statistics import median

import uvloop
from sqlalchemy import Engine

from benchmarks.directory import COUNT, EACH, fill
from domains.directory import Why
from service import process_memory
from service.live.domains import LiveDirectory
from service.live.freshness import Freshness
from storage.domain_store import SqlDomainStore
from storage.engine import open_engine
from storage.migrate import upgrade
from storage.notifications import Notifications
from tests.postgresql import USER, PostgreSQL

CHANGES = 20
LONGEST_PAUSE = 2.0  # seconds: twice as long as that between two readings


def main() -> None:
    print(f"freshness: {COUNT:,} tracking and {COUNT:,} sending domains, {CHANGES} changes")
    for name, database in (("SQLite", sqlite), ("PostgreSQL", postgresql)):
        with database() as url:
            upgrade(url)
            reading, writing = open_engine(url), open_engine(url)
            fill(writing)
            taken = uvloop.run(changes(reading, writing))
            print(f"{name:12} {median(taken):.2f} s median, {max(taken):.2f} s at most")
            reading.dispose()
            writing.dispose()


@contextlib.contextmanager
def sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/waypost.db"


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    with PostgreSQL(durable=True) as server:
        server.execute("CREATE DATABASE waypost OWNER {}", USER)
        yield server.url("waypost")


async def changes(reading: Engine, writing: Engine) -> list[float]:
    """Return the seconds that each took after its commit."""
    live = LiveDirectory(SqlDomainStore(reading))
    process_memory.settle()
    keeping = asyncio.create_task(Freshness(Notifications(reading), live.refresh).run())
    chance = random.Random(1)
    taken = []
    for number in chance.sample(range(COUNT), CHANGES):
        await asyncio.sleep(chance.uniform(0, LONGEST_PAUSE))
        sender = f"customer-{number}.example"
        await asyncio.to_thread(SqlDomainStore(writing).link, sender, None)
        committed = time.perf_counter()
        while live.current.choose(number // EACH + 1, sender).why is Why.LINKED:  # noqa: ASYNC110 - as mail asks
            await asyncio.sleep(0.001)
        taken.append(time.perf_counter() - committed)
    keeping.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await keeping
    return taken


if __name__ == "__main__":
    main()
