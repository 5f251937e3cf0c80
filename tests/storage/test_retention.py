from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from events.counting import Dimension
from events.model import MessageRecord, Recipient, Record, TrackedLink
from events.ports import EventFilter, StoreUnavailable
from events.retention import DAY, FIRST, FOR_EVER, Deleted, Keeping, KeepingRules, Limit, expire
from links.ids import message_id
from links.recipients import RecipientTracking
from storage.engine import open_engine
from storage.event_store import SqlEventStore
from storage.event_sums import SqlSummingStore
from storage.judging import SqlJudgingStore
from storage.partitions import SqlHitPartitions
from storage.retention import SqlRetentionStore
from tests.events.records import REFERENCE, hit, message, outcome
from tests.storage.databases import Database
from tests.storage.faults import Fault, each_fault_for_readers

NOW = 20_700 * DAY + 5
ADDRESS = "ann.unmistakable@example.net"
VERP = "bounces+ann.unmistakable=example.net@esp.example"
RULES = KeepingRules(default=Keeping(message_days=30, event_days=90))
NONE, ANONYMOUS, IDENTIFIED = RecipientTracking


@pytest.fixture
def store(engine: Engine) -> SqlEventStore:
    return SqlEventStore(engine)


Expire = Callable[..., Deleted]


@pytest.fixture
def expired(engine: Engine) -> Expire:
    """What deletes in steps of two rows, all of them, and says how much."""
    retention = SqlRetentionStore(engine, events=2, messages=2)

    def run(rules: KeepingRules = RULES, now: int = NOW) -> Deleted:
        total = Deleted()
        for done in expire(retention, SqlHitPartitions(engine), rules, now):
            assert all(count <= 2 for count in (done.named, done.hits, done.outcomes, done.messages))
            total = total.plus(done)
        assert retention.wipe()
        return total

    return run


def sent(number: int, days_ago: int, mode: RecipientTracking = ANONYMOUS, **fields: Any) -> list[Record]:
    """Return what is recorded of a message that was clicked, as others write addresses into it."""
    at = NOW - days_ago * DAY
    name = message_id(at, number.to_bytes(6, "big"))
    url = "https://example.com/?email=Ann.Unmistakable%40example.net"
    record = message(
        id=name,
        at=at,
        recipients=(Recipient(address=ADDRESS, reference=REFERENCE),) if mode is not NONE else (),
        recipient_tracking=mode,
        sender=VERP if mode is not NONE else "",
        metadata={"for": ADDRESS, "customer": "42"} if mode is not NONE else {},
        links=(TrackedLink(number=1, url=url, name="", tags=()),),
        **fields,
    )
    project = record.project
    return [
        record,
        outcome(number, message=name, at=at, reply=f"250 2.1.5 <{ADDRESS}> queued"),
        hit(number, message=name, at=at, link=1, url=url, project=project),
    ]


def add(store: SqlEventStore, *messages: list[Record]) -> None:
    store.add([record for records in messages for record in records])


def test_what_names_anonymous_recipients_goes_before_their_events(
    store: SqlEventStore, expired: Expire, database: Database
) -> None:
    add(store, sent(1, 31), sent(2, 32), sent(3, 89))
    before = [event for event in store.events(EventFilter()) if event.kind == "click"]
    assert expired() == Deleted(named=3)
    after = [event for event in store.events(EventFilter()) if event.kind == "click"]
    assert [event.id for event in after] == [event.id for event in before]
    assert {event.recipient for event in after} == {""}
    assert not any(event.shared_copy for event in after)
    assert {tuple(event.metadata) for event in after} == {()}
    found = database.everything().lower()
    assert "unmistakable" not in found
    assert REFERENCE in found
    assert expired() == Deleted()


def test_statistics_are_as_they_were(store: SqlEventStore, expired: Expire) -> None:
    add(store, sent(1, 31), sent(2, 32))
    before = store.statistics(None, EventFilter())
    expired()
    assert store.statistics(None, EventFilter()) == before


def test_sums_keep_their_numbers_and_lose_what_names_people(
    store: SqlEventStore, expired: Expire, engine: Engine, database: Database
) -> None:
    add(store, sent(1, 31), sent(2, 32))
    judging, summing = SqlJudgingStore(engine), SqlSummingStore(engine)
    while judging.judge_oldest(NOW) or summing.sum_newest(NOW, lambda project: 0):
        pass
    before = store.statistics(Dimension.LINK, EventFilter())
    assert "unmistakable" in str(before).lower()
    expired()
    after = store.statistics(Dimension.LINK, EventFilter())
    assert [(each.clicks, each.opens) for each in after] == [(each.clicks, each.opens) for each in before]
    assert {each.value for each in after} == {"https://example.com/?email=[removed]"}
    assert "unmistakable" not in database.everything().lower()


def test_younger_and_identified_ones_keep_their_names(store: SqlEventStore, expired: Expire) -> None:
    add(store, sent(1, 29), sent(2, 89, IDENTIFIED))
    assert expired() == Deleted()
    assert {event.recipient for event in store.events(EventFilter())} == {ADDRESS}


def test_everything_goes_in_the_end(store: SqlEventStore, expired: Expire, database: Database) -> None:
    add(store, *(sent(number, 91 + number, mode) for number, mode in enumerate([*RecipientTracking] * 2)))
    assert expired().messages == 6
    assert store.events(EventFilter()) == []
    found = database.everything()
    assert "unmistakable" not in found.lower()
    assert REFERENCE not in found
    for table in ("messages", "recipients", "links", "outcomes", "hits"):
        assert database.execute(f"SELECT * FROM {table}") == []


def test_a_message_that_is_still_clicked_stays_without_a_name(
    store: SqlEventStore, expired: Expire, database: Database
) -> None:
    [record, relayed, _] = sent(1, 100, IDENTIFIED)
    late = hit(9, message=record.id, at=NOW - DAY, url="https://example.com/")
    store.add([record, relayed, late])
    assert expired() == Deleted(named=1, outcomes=1)
    [event] = store.events(EventFilter())
    assert (event.id, event.sending_domain, event.recipient) == (late.id, "example.com", "")
    assert "unmistakable" not in database.everything().lower()


def test_each_project_has_its_own_time(store: SqlEventStore, expired: Expire) -> None:
    short, longer = Keeping(message_days=1, event_days=2), Keeping(message_days=FOR_EVER, event_days=FOR_EVER)
    rules = KeepingRules(default=RULES.default, projects={2: short, 3: longer})
    add(store, *(sent(number, 3, project=number) for number in (1, 2, 3)))
    add(store, *(sent(number, 500, project=number - 10) for number in (11, 13)))
    expired(rules)
    left = {
        project: [event.id[-2:] for event in store.events(EventFilter(project=project, kind="click"))]
        for project in (1, 2, 3)
    }
    assert left == {1: ["01"], 2: [], 3: ["03", "0d"]}


def test_for_ever_deletes_nothing(store: SqlEventStore, expired: Expire) -> None:
    add(store, sent(1, 20_000))
    for_ever = Keeping(message_days=FOR_EVER, event_days=FOR_EVER)
    assert expired(KeepingRules(default=for_ever)) == Deleted()


def test_a_message_for_very_many_is_unnamed_whole(
    store: SqlEventStore, expired: Expire, database: Database
) -> None:
    many = tuple(Recipient(address=f"{n}-{ADDRESS}", reference=None) for n in range(7))
    record = sent(1, 40)[0]
    assert isinstance(record, MessageRecord)
    store.add([message(id=record.id, at=record.at, recipients=many, recipient_tracking=ANONYMOUS)])
    expired()
    assert "unmistakable" not in database.everything()


@each_fault_for_readers
def test_a_database_that_is_away_is_told(fault: Fault, database: Database) -> None:
    engine = open_engine(database.url, lock_timeout=0)
    retention = SqlRetentionStore(engine)
    with fault(database), pytest.raises(StoreUnavailable):
        retention.delete_hits(Limit(default=NOW, projects={}), FIRST)
    assert retention.delete_hits(Limit(default=NOW, projects={}), FIRST) == (0, None)
    engine.dispose()
