"""What asking costs as events grow: `events stats`, `list`, `export`, and judging again, in seconds.

`python -m benchmarks.event_statistics 10000000` measures other sizes.
"""

import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.events import AT
from events.counting import Dimension
from events.model import Hit, HitKind, MessageRecord, Recipient, Record, TrackedLink
from events.ports import EventFilter
from storage.engine import open_engine
from storage.event_store import SqlEventStore
from storage.judging import SqlJudgingStore
from storage.migrate import upgrade
from tests.postgresql import PostgreSQL

SIZES = (100_000, 1_000_000)
ROUNDS = 3
DAYS = 90
SPAN = DAYS * 86_400_000
PER_MESSAGE = 4
AGENTS = tuple(
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    f"Chrome/{version}.0.0.0 Safari/537.36"
    for version in range(100, 140)
)


def records(events: int) -> Iterator[Record]:
    """Yield messages over 90 days, each with three clicks and an open; every tenth hit is a machine's."""
    drawn = random.Random(1)
    messages = events // PER_MESSAGE
    for number in range(messages):
        at = AT + SPAN * number // messages
        name = f"{at:012x}{number:012x}"
        yield message(name, number, at)
        for hit in range(PER_MESSAGE):
            yield Hit(
                id=f"{number * PER_MESSAGE + hit:032x}",
                kind=HitKind.CLICK if hit else HitKind.OPEN,
                at=at + drawn.randrange(86_400_000),
                project=1,
                message=name,
                recipient=f"{number:016x}",
                link=hit,
                url=f"https://www.example.com/shoes/{hit}" if hit else "",
                host="track.example.com",
                address=f"203.0.113.{number % 256}",
                user_agent=drawn.choice(AGENTS),
                method="HEAD" if drawn.random() < 0.1 else "GET",
            )


def message(name: str, number: int, at: int) -> MessageRecord:
    return MessageRecord(
        id=name,
        at=at,
        project=1,
        sender="news@example.com",
        message_id=f"<{number}@example.com>",
        sending_domain=f"{number % 20}.example.com",
        tracking_domain=f"track.{number % 20}.example.com",
        key=1,
        mode="on",
        size=48_000,
        recipients=(Recipient(address=f"{number}@example.net", reference=f"{number:016x}"),),
        links=tuple(
            TrackedLink(number=n, url="https://www.example.com/", name=f"link {n}", tags=())
            for n in (1, 2, 3)
        ),
        tags=(f"campaign-{number // 1000}",),
    )


def questions(store: SqlEventStore, judging: SqlJudgingStore) -> dict[str, Callable[[], object]]:
    """Return what is asked: of the last day, of the last 30 days, of all 90."""
    end = AT + SPAN
    month = EventFilter(after=end - 30 * 86_400_000)
    asked: dict[str, Callable[[], object]] = {
        "one message": lambda: store.statistics(None, EventFilter(message="<7@example.com>")),
        "a day, in all": lambda: store.statistics(None, EventFilter(after=end - 86_400_000, before=end)),
        "30 days, in all": lambda: store.statistics(None, month),
    }
    for by in Dimension:
        asked[f"30 days by {by}"] = lambda by=by: store.statistics(by, month)  # type: ignore[misc]
    asked["90 days, in all"] = lambda: store.statistics(None, EventFilter())
    asked["90 days by sender"] = lambda: store.statistics(Dimension.SENDER, EventFilter())
    asked["list, 50 newest"] = lambda: store.events(EventFilter())
    asked["list, 50 of a recipient"] = lambda: store.events(EventFilter(recipient="7@example.net"))
    asked["a page of export"] = lambda: store.events_beyond(EventFilter(limit=2_000), (end - SPAN // 2, ""))
    asked["judge a day again"] = lambda: list(judging.rejudge(end - 86_400_000, end))
    return asked


def measure(url: str, events: int) -> dict[str, float]:
    """Return the median seconds of each question in a database with so many events."""
    upgrade(url)
    engine = open_engine(url)
    store, judging = SqlEventStore(engine), SqlJudgingStore(engine)
    given = records(events)
    while batch := list(islice(given, 5_000)):
        store.add(batch)
    with engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()
    taken = {name: [_timed(ask) for _ in range(ROUNDS)] for name, ask in questions(store, judging).items()}
    engine.dispose()
    return {name: median(seconds) for name, seconds in taken.items()}


def _timed(ask: Callable[[], object]) -> float:
    started = perf_counter()
    ask()
    return perf_counter() - started


def main(sizes: Sequence[int] = SIZES) -> None:
    columns: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder, PostgreSQL() as server:
        for size in sizes:
            columns[f"SQLite {size:,}"] = measure(f"sqlite:///{Path(folder)}/{size}.sqlite", size)
            server.execute("CREATE DATABASE {}", f"events_{size}")
            columns[f"PostgreSQL {size:,}"] = measure(server.url(f"events_{size}"), size)
    print(f"{'seconds':28}" + "".join(f"{name:>22}" for name in columns))
    for name in next(iter(columns.values())):
        print(f"{name:28}" + "".join(f"{taken[name]:22.3f}" for taken in columns.values()))


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or SIZES)
