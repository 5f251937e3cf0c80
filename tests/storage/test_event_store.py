import re
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from events.model import HitKind, Recipient, Record, Verdict
from events.ports import EventFilter, StoreUnavailable
from events.segments import encode_line, segment_name
from events.shipping import Shipped, ship
from storage import bulk_insert
from storage.event_store import SqlEventStore
from tests.events.records import AT, MESSAGE, hit, message, outcome, records
from tests.storage.databases import Database
from tests.storage.faults import Fault, each_fault_for_readers, each_fault_for_writers

OTHER = "0196b1c2d3e4ffffffffffff"
EVERYTHING = EventFilter()
SHARED = (
    Recipient(address="ann@example.net", reference=None),
    Recipient(address="bob@example.net", reference=None),
)

QUERIES: dict[str, Callable[[SqlEventStore], object]] = {
    "events": lambda store: store.events(EVERYTHING),
    "tallies": lambda store: store.tallies(0),
    "links sealed by": lambda store: store.links_sealed_by(7),
}


@pytest.fixture
def store(engine: Engine) -> SqlEventStore:
    return SqlEventStore(engine)


@pytest.fixture(params=[1, 1_000], ids=["copied", "inserted"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have PostgreSQL take every batch by COPY, or none; SQLite knows one way."""
    monkeypatch.setattr(bulk_insert, "COPIED", request.param)


def found(store: SqlEventStore, **wanted: object) -> list[str]:
    """Return the ids of the events that the filter wants, as short numbers."""
    return [event.id.lstrip("0") for event in store.events(EventFilter(**wanted))]  # type: ignore[arg-type]


def test_a_click_is_joined_with_its_message(store: SqlEventStore) -> None:
    store.add([message(), hit()])
    [event] = store.events(EVERYTHING)
    assert (event.kind, event.message, event.message_id) == ("click", MESSAGE, "<1@example.com>")
    assert (event.sender, event.sending_domain) == ("news@example.com", "example.com")
    assert (event.recipient, event.shared_copy) == ("ann@example.net", False)
    assert (event.link, event.link_name, event.link_tags) == (1, "offer", ("spring", "top"))
    assert event.url == "https://example.com/offer?id=1&n=ä"
    assert (event.host, event.address) == ("track.example.com", "203.0.113.9")
    assert (event.user_agent, event.method, event.reply) == ("Mozilla/5.0", "GET", "")
    assert (event.tags, event.metadata) == (("welcome",), {"customer": "42"})


def test_an_outcome_is_joined_with_its_message(store: SqlEventStore) -> None:
    store.add([message(), outcome()])
    [event] = store.events(EVERYTHING)
    assert (event.kind, event.sender, event.message_id) == ("relayed", "news@example.com", "<1@example.com>")
    assert (event.recipient, event.shared_copy) == ("ann@example.net", False)
    assert (event.link, event.url, event.host) == (0, "", "")
    assert (event.tags, event.metadata) == (("welcome",), {"customer": "42"})


def test_the_reply_is_shown_as_it_was_written(store: SqlEventStore) -> None:
    store.add([outcome(1), outcome(2, verdict=Verdict.UNKNOWN, code=0, reply="the connection was lost")])
    assert [event.reply for event in store.events(EVERYTHING)] == [
        "the connection was lost",
        "250 2.0.0 queued as 4F1",
    ]


def test_an_open_has_no_link(store: SqlEventStore) -> None:
    store.add([message(), hit(kind=HitKind.OPEN, link=0, url="")])
    [event] = store.events(EVERYTHING)
    assert (event.kind, event.recipient) == ("open", "ann@example.net")
    assert (event.link, event.link_name, event.link_tags) == (0, "", ())


@pytest.mark.usefixtures("either_way")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(records, min_size=1, max_size=5))
def test_any_records_can_be_added_again_and_again(store: SqlEventStore, given: list[Record]) -> None:
    store.add(given)
    once = store.events(EventFilter(limit=10_000))
    store.add(given)
    store.add([*given, *given])
    assert store.events(EventFilter(limit=10_000)) == once


@pytest.mark.usefixtures("either_way")
def test_a_record_whose_id_is_there_changes_nothing(store: SqlEventStore) -> None:
    given: list[Record] = [message(), outcome(), hit()]
    store.add(given)
    before = store.events(EVERYTHING)
    store.add(
        [message(sender="other@example.com"), outcome(reply="550 no"), hit(url="https://other.example/")]
    )
    assert store.events(EVERYTHING) == before
    assert store.links_sealed_by(7) == (1, 2)


def test_a_hit_may_come_before_its_message(store: SqlEventStore) -> None:
    store.add([hit()])
    [event] = store.events(EVERYTHING)
    assert (event.recipient, event.shared_copy) == ("", False)
    assert (event.message_id, event.sender, event.sending_domain) == ("", "", "")
    assert (event.link_name, event.link_tags) == ("", ())
    assert (event.tags, event.metadata) == ((), {})
    store.add([message()])
    [event] = store.events(EVERYTHING)
    assert (event.recipient, event.message_id, event.link_name) == (
        "ann@example.net",
        "<1@example.com>",
        "offer",
    )


def test_a_reference_means_a_person_in_its_own_message_only(store: SqlEventStore) -> None:
    store.add([message(), hit(message=OTHER)])
    [event] = store.events(EVERYTHING)
    assert event.recipient == ""


def test_of_a_shared_copy_no_person_is_known(store: SqlEventStore) -> None:
    store.add([message(recipients=SHARED), hit(1, recipient=None), outcome(2)])
    events = store.events(EVERYTHING)
    assert [(event.recipient, event.shared_copy) for event in events] == [("", True), ("", True)]


def test_events_of_one_project_alone(store: SqlEventStore) -> None:
    other = message(id=OTHER, project=2)
    store.add([message(), other, hit(1), outcome(2), hit(3, message=OTHER, project=2)])
    store.add([outcome(4, message=OTHER), hit(5, message="ff" * 12, project=2)])
    assert found(store, project=1) == ["2", "1"]
    assert found(store, project=2) == ["5", "4", "3"]
    assert found(store, project=3) == []


def test_the_newest_come_first(store: SqlEventStore) -> None:
    store.add([hit(2), outcome(3), hit(1), outcome(4), hit(5)])
    assert found(store) == ["5", "4", "3", "2", "1"]
    assert found(store, limit=2) == ["5", "4"]


@pytest.mark.parametrize(
    ("kind", "ids"),
    [
        ("click", ["1"]),
        ("open", ["2"]),
        ("relayed", ["3"]),
        ("refused", ["4"]),
        ("unknown", ["5"]),
        ("x", []),
    ],
)
def test_a_filter_by_kind(store: SqlEventStore, kind: str, ids: list[str]) -> None:
    store.add(
        [
            hit(1),
            hit(2, kind=HitKind.OPEN),
            outcome(3),
            outcome(4, verdict=Verdict.REFUSED),
            outcome(5, verdict=Verdict.UNKNOWN),
        ]
    )
    assert found(store, kind=kind) == ids


@pytest.mark.parametrize("kept", ["<1@example.com>", "1@example.com"])
@pytest.mark.parametrize("asked", ["<1@example.com>", "1@example.com", MESSAGE])
def test_a_filter_by_message(store: SqlEventStore, kept: str, asked: str) -> None:
    store.add([message(message_id=kept), message(id=OTHER, message_id="<2@example.com>")])
    store.add([hit(1), hit(2, message=OTHER), outcome(3), outcome(4, message=OTHER)])
    assert found(store, message=asked) == ["3", "1"]


@pytest.mark.parametrize("asked", ["@example.com", "%", OTHER, "1@EXAMPLE.com", "<>"])
def test_a_filter_by_another_message_finds_nothing(store: SqlEventStore, asked: str) -> None:
    store.add([message(), hit(1), outcome(2)])
    assert found(store, message=asked) == []


def test_a_filter_by_a_message_id_longer_than_its_index_takes(store: SqlEventStore) -> None:
    long = f"<{'1' * 900}@example.com>"
    store.add([message(message_id=long), hit(1)])
    assert found(store, message=long) == ["1"]


def test_a_filter_by_sending_domain(store: SqlEventStore) -> None:
    store.add([message(), message(id=OTHER, sending_domain="example.org")])
    store.add([hit(1), hit(2, message=OTHER), outcome(3)])
    assert found(store, sending_domain="example.com") == ["3", "1"]
    assert found(store, sending_domain="example.org") == ["2"]


def test_a_filter_by_time_begins_at_after_and_ends_before_before(store: SqlEventStore) -> None:
    store.add([hit(1), outcome(2), hit(3)])
    assert found(store, after=AT + 2) == ["3", "2"]
    assert found(store, before=AT + 2) == ["1"]
    assert found(store, after=AT + 2, before=AT + 3) == ["2"]


def test_links_are_counted_for_the_key_that_sealed_them(store: SqlEventStore) -> None:
    store.add([message(), message(id=OTHER), message(id="ab", key=8, links=())])
    assert store.links_sealed_by(7) == (2, 4)
    assert store.links_sealed_by(8) == (1, 0)
    assert store.links_sealed_by(9) == (0, 0)


@pytest.mark.usefixtures("either_way")
def test_what_a_database_cannot_hold_is_kept_readable(store: SqlEventStore) -> None:
    store.add([message(sender="\udce4nn@example.com"), hit(user_agent="a\0b")])
    [event] = store.events(EVERYTHING)
    assert (event.sender, event.user_agent) == ("\\udce4nn@example.com", "a\\x00b")


@pytest.mark.usefixtures("either_way")
@each_fault_for_writers
def test_a_batch_for_a_database_that_is_away_is_refused_whole(
    store: SqlEventStore, database: Database, fault: Fault
) -> None:
    batch: list[Record] = [message(), outcome(1), hit(2)]
    with fault(database), pytest.raises(StoreUnavailable, match=re.escape(database.shown)):
        store.add(batch)
    assert store.events(EVERYTHING) == []
    assert store.links_sealed_by(7) == (0, 0)
    store.add(batch)
    assert found(store) == ["2", "1"]


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """The kernel writes no file further than `size` bytes, which is how a full disk looks to SQLite."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_batch_that_the_disk_cannot_take_is_refused_whole(store: SqlEventStore, database: Database) -> None:
    store.add([hit(1)])
    batch = [hit(number) for number in range(2, 1000)]
    with no_file_beyond(200_000), pytest.raises(StoreUnavailable, match=f"The disk .* {database.shown}"):
        store.add(batch)
    assert found(store, limit=1000) == ["1"]
    store.add(batch)
    assert len(found(store, limit=1000)) == 999


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
@each_fault_for_readers
def test_a_query_to_a_database_that_is_away_fails_and_recovers(
    store: SqlEventStore, database: Database, fault: Fault, query: Callable[[SqlEventStore], object]
) -> None:
    store.add([message(), hit()])
    before = query(store)
    with fault(database), pytest.raises(StoreUnavailable, match=re.escape(database.shown)):
        query(store)
    assert query(store) == before


@pytest.mark.usefixtures("either_way")
def test_of_a_large_batch_only_what_is_new_is_added(store: SqlEventStore) -> None:
    given = [hit(number, user_agent=f"agent\t{number}\n\\N") for number in range(1, 200)]
    store.add([*given[50:60], outcome(500)])
    store.add([*given[:100], message(), outcome(500)])
    store.add([*given, given[7], message()])
    kept = store.events(EventFilter(kind="click", limit=1_000))
    assert sorted(event.id for event in kept) == [one.id for one in given]
    assert sorted(event.user_agent for event in kept) == sorted(one.user_agent for one in given)
    assert len(store.events(EventFilter(kind="relayed", limit=10))) == 1


@pytest.mark.parametrize("stored", [0, 75, 120])
def test_a_segment_that_is_shipped_again_adds_no_row_twice(
    store: SqlEventStore, database: Database, either_way: None, tmp_path: Path, stored: int
) -> None:
    """As after a crash, with batches that are there already, in part or not at all."""
    records = [message(), outcome(1), *(hit(number) for number in range(1, 121))]
    segment, kept = tmp_path / segment_name(1, "a"), tmp_path / "kept"
    kept.write_bytes(b"".join(map(encode_line, records)))
    store.add(records[:stored])
    for batch in (50, 1_000, 60):
        shutil.copy(kept, segment)
        assert ship(tmp_path, store, batch=batch) == Shipped(records=len(records), segments=1)
        assert not segment.exists()
        ids = database.execute("SELECT id FROM hits ORDER BY id")
        assert ids == [(record.id,) for record in records[2:]]
        counts = [database.execute(f"SELECT count(*) FROM {table}") for table in ("messages", "outcomes")]
        assert counts == [[(1,)], [(1,)]]
