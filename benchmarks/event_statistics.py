"""What asking costs as events grow: `events stats`, `list`, `export`, and judging again, in seconds.

`python -m benchmarks.event_statistics 10000000` measures other sizes. PostgreSQL has the settings that
it comes with.
"""

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.event_load import AT, DAYS, END, SPAN, load, size
from events.counting import Dimension
from events.ports import EventFilter
from storage.engine import open_engine
from storage.event_store import SqlEventStore
from storage.event_sums import SqlSummingStore
from storage.judging import SqlJudgingStore
from storage.migrate import upgrade
from storage.partitions import SqlHitPartitions
from storage.sum_tables import DAY
from tests.postgresql import PostgreSQL

SIZES = (100_000, 1_000_000)
ROUNDS = 3
LONG = 2.0  # seconds; what takes longer is asked once
PATIENT = "?options=-c%20statement_timeout%3D1h"

FROM_HITS = ("30 days, in all", "30 days by tag", "90 days, in all")
"""What is asked before there are sums, too."""

Questions = dict[str, Callable[[], object]]


def summed_questions(store: SqlEventStore) -> Questions:
    """Return what sums can answer. The window begins and ends within a day, as that of the command does."""
    asked: Questions = {}
    for days in (30, DAYS):
        wanted = EventFilter(after=END - days * DAY)
        asked[f"{days} days, in all"] = lambda wanted=wanted: store.statistics(None, wanted)  # type: ignore[misc]
        for by in Dimension:
            if by is not Dimension.MESSAGE:
                asked[f"{days} days by {by}"] = lambda by=by, wanted=wanted: store.statistics(by, wanted)  # type: ignore[misc]
    return asked


def other_questions(store: SqlEventStore, judging: SqlJudgingStore) -> Questions:
    """Return what is read from the hits, whatever is summed."""
    last = EventFilter(after=END - DAY, before=END)
    return {
        "one message": lambda: store.statistics(None, EventFilter(message="<7@example.com>")),
        "the last 24 hours": lambda: store.statistics(None, last),
        "30 days by message": lambda: store.statistics(Dimension.MESSAGE, EventFilter(after=END - 30 * DAY)),
        "list, 50 newest": lambda: store.events(EventFilter()),
        "list, 50 of a recipient": lambda: store.events(EventFilter(recipient="7@example.net")),
        "a page of export": lambda: store.events_beyond(EventFilter(limit=2_000), (END - SPAN // 2, "")),
        "judge a day again": lambda: list(judging.rejudge(END - DAY, END)),
    }


def measure(url: str, events: int) -> dict[str, str]:
    """Return what each question takes in a database with so many events, and what they take on the disk."""
    upgrade(url)
    engine = open_engine(url)
    store, summing = SqlEventStore(engine), SqlSummingStore(engine)
    SqlHitPartitions(engine).make_ahead(AT)
    started = perf_counter()
    octets = load(engine, events)
    found = {"loading, s": f"{perf_counter() - started:.0f}"}
    found |= {f"bytes an event, {name}": f"{taken / events:.0f}" for name, taken in octets.items()}
    asked = summed_questions(store)
    found |= {f"{name}, from the hits": f"{_timed(asked[name]):.3f}" for name in FROM_HITS}
    before, started, days = size(engine), perf_counter(), 0
    while summing.sum_newest(END + 10 * DAY, lambda project: 0):
        days += 1
    found["sum a day"] = f"{(perf_counter() - started) / days:.3f}"
    found["bytes an event, sums"] = f"{(size(engine) - before) / events:.1f}"
    for name, ask in (asked | other_questions(store, SqlJudgingStore(engine))).items():
        found[name] = f"{_median(ask):.3f}"
    engine.dispose()
    return found


def _median(ask: Callable[[], object]) -> float:
    first = _timed(ask)
    return first if first > LONG else median([first, *(_timed(ask) for _ in range(ROUNDS - 1))])


def _timed(ask: Callable[[], object]) -> float:
    started = perf_counter()
    ask()
    return perf_counter() - started


def main(sizes: Sequence[int] = SIZES) -> None:
    for events in sizes:
        with PostgreSQL(durable=True) as server:
            server.execute("CREATE DATABASE events")
            _print(f"PostgreSQL {events:,}", measure(server.url("events") + PATIENT, events))
        with tempfile.TemporaryDirectory() as folder:
            _print(f"SQLite {events:,}", measure(f"sqlite:///{Path(folder)}/events.sqlite", events))


def _print(name: str, taken: dict[str, str]) -> None:
    lines = [f"{question:34} {answer:>9}" for question, answer in taken.items()]
    print("\n".join([f"\n{name}, seconds", *lines]), flush=True)


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or SIZES)
