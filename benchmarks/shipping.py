"""Hits from the journal into SQLite and PostgreSQL: events a second end to end, and whose CPU time they cost.

PostgreSQL is a server of its own with `fsync`, on the same machine. Turns are taken, so that a busy moment
does not fall on one of them; the medians count.
"""

import statistics
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter, process_time

from benchmarks.events import hit, in_postgresql, in_sqlite
from benchmarks.processes import cpu_seconds
from events.segments import encode_line, segment_name
from events.shipping import ship
from storage.engine import open_engine
from storage.event_store import SqlEventStore
from storage.migrate import upgrade
from tests.postgresql import PostgreSQL

HITS = 40_000
SEGMENT = 8_000  # hits; about what a segment of full size has
ROUNDS = 5
Taken = tuple[float, float, float]
"""Seconds on the wall, of CPU in this process, of CPU in PostgreSQL."""


def main() -> None:
    print(f"{HITS:,} hits in segments of {SEGMENT:,}, medians of {ROUNDS} rounds; µs of CPU for a hit")
    print(f"{'':12} {'hits/s':>8} {'Python':>8} {'PostgreSQL':>11}")
    with PostgreSQL(durable=True) as server:
        ways = {"SQLite": in_sqlite, "PostgreSQL": partial(in_postgresql, server)}
        rounds = [{name: turn(way, server) for name, way in ways.items()} for _ in range(ROUNDS)]
    for name in ways:
        wall, python, database = (
            statistics.median(each) for each in zip(*(r[name] for r in rounds), strict=True)
        )
        print(f"{name:12} {HITS / wall:8,.0f} {python / HITS * 1e6:8.1f} {database / HITS * 1e6:11.1f}")


def turn(new_database: Callable[[Path], str], server: PostgreSQL) -> Taken:
    """Ship all into an empty database."""
    with tempfile.TemporaryDirectory() as folder:
        url, journal = new_database(Path(folder)), Path(folder, "journal")
        upgrade(url)
        write(journal)
        engine = open_engine(url)
        wall, python, database = perf_counter(), process_time(), cpu_seconds(server.pid)
        shipped = ship(journal, SqlEventStore(engine))
        taken = perf_counter() - wall, process_time() - python, cpu_seconds(server.pid) - database
        engine.dispose()
    if shipped.records != HITS:
        raise RuntimeError(f"{HITS} hits given, {shipped.records} shipped")
    return taken


def write(journal: Path) -> None:
    journal.mkdir()
    for first in range(0, HITS, SEGMENT):
        lines = [encode_line(hit(number)) for number in range(first, first + SEGMENT)]
        (journal / segment_name(first, "benchmark")).write_bytes(b"".join(lines))


if __name__ == "__main__":
    main()
