"""What the journal costs: µs to append a record, and records a second from the journal into a database."""

import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from time import perf_counter

from events.journal import Journal
from events.model import Hit, HitKind, MessageRecord, Outcome, Recipient, Record, TrackedLink, Verdict
from events.shipping import ship
from storage.engine import open_engine
from storage.event_store import SqlEventStore
from storage.migrate import upgrade
from tests.postgresql import PostgreSQL

AT = 1_790_000_000_000
RECORDS = 20_000
RUNS = 3


def hit(number: int) -> Hit:
    return Hit(
        id=f"{number:032x}",
        kind=HitKind.CLICK,
        at=AT + number,
        project=1,
        message=f"{number // 4:024x}",
        recipient="a1b2c3d4e5f60718",
        link=1,
        url="https://www.example.com/shoes?utm_source=newsletter&utm_medium=email&id=812731",
        host="track.example.com",
        address="203.0.113.9",
        user_agent="Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
        method="GET",
    )


def outcome(number: int) -> Outcome:
    reply = "250 2.0.0 Ok: queued as 4bXyZ12345z6789"
    return Outcome(
        id=f"{number:032x}",
        message=f"{number:024x}",
        at=AT + number,
        verdict=Verdict.RELAYED,
        code=250,
        reply=reply,
    )


def message(number: int) -> MessageRecord:
    return MessageRecord(
        id=f"{number:024x}",
        at=AT + number,
        project=1,
        sender="news@example.com",
        message_id=f"<{number}@example.com>",
        sending_domain="example.com",
        tracking_domain="track.example.com",
        key=1,
        mode="on",
        size=48_000,
        recipients=(Recipient(address="reader@example.net", reference="a1b2c3d4e5f60718"),),
        links=tuple(
            TrackedLink(
                number=link,
                url=f"https://www.example.com/shoes/{link}?utm_source=newsletter",
                name="",
                tags=(),
            )
            for link in range(1, 21)
        ),
    )


def measure(name: str, records: Sequence[Record], server: PostgreSQL) -> None:
    taken = [(run(records, in_sqlite), run(records, partial(in_postgresql, server))) for _ in range(RUNS)]
    append = min(sqlite[0] for sqlite, _ in taken) / len(records) * 1e6
    rates = [len(records) / min(run[1] for run in runs) for runs in zip(*taken, strict=True)]
    print(f"{name:32} {append:7.1f} µs {rates[0]:10,.0f}/s {rates[1]:10,.0f}/s")


def in_sqlite(folder: Path) -> str:
    return f"sqlite:///{folder}/waypost.sqlite"


def in_postgresql(server: PostgreSQL, folder: Path) -> str:
    server.execute("CREATE DATABASE {}", folder.name)
    return server.url(folder.name)


def run(records: Sequence[Record], new_database: Callable[[Path], str]) -> tuple[float, float]:
    """Return the seconds to append all, and to ship all into an empty database."""
    with tempfile.TemporaryDirectory() as folder:
        directory, url = Path(folder) / "journal", new_database(Path(folder))
        upgrade(url)
        ticks = count(AT)
        journal = Journal(directory, clock=lambda: next(ticks), new_suffix=lambda: "benchmark")
        started = perf_counter()
        for record in records:
            journal.append(record)
        appended = perf_counter() - started
        journal.close()
        engine = open_engine(url)
        store = SqlEventStore(engine)
        started = perf_counter()
        shipped = ship(directory, store)
        taken = perf_counter() - started
        engine.dispose()
        if shipped.records != len(records) or journal.lost:
            raise RuntimeError(f"{len(records)} records given, {shipped.records} shipped")
        return appended, taken


def main() -> None:
    print(f"events: {RECORDS:,} records a run, messages a tenth; the best of {RUNS} runs, one thread")
    print(f"{'':32} {'append':>10} {'into SQLite':>12} {'PostgreSQL':>12}")
    with PostgreSQL(durable=True) as server:
        measure("hits", [hit(number) for number in range(RECORDS)], server)
        measure("outcomes", [outcome(number) for number in range(RECORDS)], server)
        measure("messages with 20 links", [message(number) for number in range(RECORDS // 10)], server)


if __name__ == "__main__":
    main()
