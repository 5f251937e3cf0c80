"""What 100,000 tracking and 100,000 sending domains cost: memory, look-ups, readings, who waits meanwhile.

Domains of 10,000 projects in a SQLite file, each sending domain linked to a tracking domain of its own.
"""

import asyncio
import gc
import os
import pickle
import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import uvloop
from sqlalchemy import Engine

from benchmarks.processes import forget_peak, peak_memory
from domains.directory import Choice, Directory, Why
from domains.model import State
from links import KeyRing
from service import process_memory
from service.live.domain_sections import pack_domains, unpack_domains
from service.live.domains import LiveDirectory
from service.live.snapshot import NONCE_BYTES, Snapshot, open_snapshot, seal_snapshot
from storage.domain_store import SqlDomainStore
from storage.domain_tables import sending_domains, tracking_domains
from storage.engine import open_engine, transaction
from storage.migrate import upgrade
from storage.versions import raise_version

COUNT = 100_000
EACH = 10  # domains of a project
LOOKUPS = 20_000
ROUND = 200
NOW = datetime(2026, 3, 1, tzinfo=UTC)
RING = KeyRing.first(bytes(range(32)), now=0)


def main() -> None:
    print(f"directory: {COUNT:,} tracking and {COUNT:,} sending domains, one core")
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/waypost.db"
        upgrade(url)
        engine = open_engine(url)
        fill(engine)
        before = resident()
        began = time.perf_counter()
        live = LiveDirectory(SqlDomainStore(engine))
        print(f"{'read and built':34} {time.perf_counter() - began:8.2f} s")
        gc.collect()
        print(f"{'memory':34} {(resident() - before) / 1e6:8.0f} MB")
        lookups(live.current)
        settled = forget_peak(os.getpid())
        one_change(engine, live)
        print(f"{'… more after one change':34} {(peak_memory(os.getpid()) - settled) / 1e6:8.0f} MB")
        read_again(engine, live)
        print(f"{'… more while all is read again':34} {(peak_memory(os.getpid()) - settled) / 1e6:8.0f} MB")
        snapshot(live.current)
        handed_over(live.current)
        uvloop.run(waiting(engine, live))
        engine.dispose()


def fill(engine: Engine) -> None:
    """Put the domains in, past the use cases."""
    tracking = [
        {
            "id": number + 1,
            "project": number // EACH + 1,
            "name": f"track.customer-{number}.example",
            "target": "links.example.net",
            "state": State.VERIFIED,
            "is_default": number % EACH == 0,
            "diagnosis": "",
            "created_at": NOW,
        }
        for number in range(COUNT)
    ]
    sending = [
        {
            "project": number // EACH + 1,
            "name": f"customer-{number}.example",
            "tracking_domain": number + 1,
            "created_at": NOW,
            "token": "",
        }
        for number in range(COUNT)
    ]
    with transaction(engine, writes=True, raising=RuntimeError) as connection:
        raise_version(connection, "domains")
        connection.execute(tracking_domains.insert(), tracking)
        connection.execute(sending_domains.insert(), sending)


def lookups(directory: Directory) -> None:
    numbers = random.Random(1).sample(range(COUNT), LOOKUPS)
    known = directory.entries.sending
    by_name = {entry.name: entry for entry in known}

    def bare(_: int, name: str) -> Choice:
        entry = by_name[name]
        return Choice(name, name, name, Why.LINKED, None, None, entry.share)

    def sender(number: int) -> tuple[int, str]:
        return number // EACH + 1, f"customer-{number}.example"

    def subdomain(number: int) -> tuple[int, str]:
        return number // EACH + 1, f"mail.customer-{number}.example"

    for name, look_up, asked in (
        ("a dictionary and a tuple, no more", bare, sender),
        ("choose, the same sender", directory.choose, lambda _: sender(1)),
        ("choose, each another sender", directory.choose, sender),
        ("choose, each another subdomain", directory.choose, subdomain),
        ("owner", lambda _, name: directory.owner(name), sender),
        ("was verified", lambda _, name: directory.was_verified(f"track.{name}"), sender),
    ):
        best, middle = microseconds(look_up, asked, numbers)
        print(f"{name:34} {middle:8.2f} µs, at best {best:.2f}")


def microseconds(
    look_up: Callable[..., object], asked: Callable[[int], tuple[int, str]], numbers: list[int]
) -> tuple[float, float]:
    """Return the shortest and the median of many short rounds, each with names not asked for before.

    The names are made just before, as those of a message are; those asked about lie anywhere in memory.
    """
    rounds = []
    for start in range(0, len(numbers), ROUND):
        batch = [asked(number) for number in numbers[start : start + ROUND]]
        began = time.perf_counter()
        for each in batch:
            look_up(*each)
        rounds.append((time.perf_counter() - began) / len(batch) * 1e6)
    return min(rounds), median(rounds)


def snapshot(directory: Directory) -> None:
    began = time.perf_counter()
    content = Snapshot(written_at=0, sections=pack_domains(directory.entries))
    octets = seal_snapshot(content, RING.sealing(0), bytes(NONCE_BYTES))
    sealed = time.perf_counter()
    Directory.of(unpack_domains(open_snapshot(octets, RING).sections))
    opened = time.perf_counter()
    print(f"{'snapshot sealed':34} {sealed - began:8.2f} s, {len(octets) / 1e6:.1f} MB")
    print(f"{'snapshot opened and built':34} {opened - sealed:8.2f} s")


def handed_over(directory: Directory) -> None:
    """Show what a worker process gets when it starts."""
    began = time.perf_counter()
    octets = pickle.dumps(directory)
    packed = time.perf_counter()
    pickle.loads(octets)
    print(f"{'pickled for a worker':34} {packed - began:8.2f} s, {len(octets) / 1e6:.1f} MB")
    print(f"{'unpickled':34} {time.perf_counter() - packed:8.2f} s")


async def waiting(engine: Engine, live: LiveDirectory) -> None:
    """Show how late the loop is, where it has something to do each millisecond."""
    process_memory.settle()
    for name, work in (
        ("nothing", lambda: time.sleep(1)),
        ("a reading after one change", lambda: one_change(engine, live)),
        ("… of a sender that came", lambda: one_sender(engine, live)),
        ("a reading of all", lambda: read_again(engine, live)),
        ("a snapshot being sealed", lambda: pack_domains(live.current.entries)),
    ):
        late: list[float] = []
        running = asyncio.create_task(asyncio.to_thread(work))
        began = time.perf_counter()
        while not running.done():
            due = time.perf_counter() + 0.001
            await asyncio.sleep(0.001)
            late.append((time.perf_counter() - due) * 1000)
        took = time.perf_counter() - began
        late.sort()
        print(
            f"loop is late during {name:27} {late[len(late) // 2]:6.1f} ms median, "
            f"{late[len(late) * 99 // 100]:.1f} ms 99 %, {late[-1]:.1f} ms at most, for {took:.2f} s"
        )


def one_change(engine: Engine, live: LiveDirectory) -> None:
    SqlDomainStore(engine).link("customer-1.example", None)
    live.refresh()


def one_sender(engine: Engine, live: LiveDirectory) -> None:
    """A name that may change whose the names below it are."""
    SqlDomainStore(engine).add_sending_domain(project=1, name="a.example", created_at=NOW, token="t")
    live.refresh()


def read_again(engine: Engine, live: LiveDirectory) -> None:
    with transaction(engine, writes=True, raising=RuntimeError) as connection:
        raise_version(connection, "domains")  # of which nothing else is written down
    live.refresh()


def resident() -> int:
    """Return the octets of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


if __name__ == "__main__":
    main()
