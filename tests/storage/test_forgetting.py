import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from events.forgetting import Forgotten, Person, about, forget
from events.model import WITHHELD, MessageRecord, Recipient, Record, TrackedLink
from events.ports import EventFilter, StoreUnavailable
from links.ids import message_id
from links.key_ring import KeyRing
from storage.engine import open_engine
from storage.event_store import SqlEventStore
from storage.forgetting import SqlForgettingStore
from storage.judging import MINUTE, SqlJudgingStore
from tests.events.records import REFERENCE, hit, message, outcome
from tests.events.verdicts.agents import CHROME
from tests.storage.databases import Database
from tests.storage.faults import Fault, each_fault_for_readers

RING = KeyRing.first(b"k" * 32, now=0)
NOW = 1_790_000_040_000
SCANNER = "Barracuda Sentinel (EE)"
ANN, BOB = "Ann.Unmistakable@Example.net", "bob@example.net"
PERSON = Person(address="ann.unmistakable@example.NET")
OTHER_REFERENCE = "ffff0000ffff0000"

Forget = Callable[..., Forgotten]


@pytest.fixture
def store(engine: Engine) -> SqlEventStore:
    return SqlEventStore(engine, ring=lambda: RING)


@pytest.fixture
def forgetting(engine: Engine) -> SqlForgettingStore:
    return SqlForgettingStore(engine, messages=2)


@pytest.fixture
def forgotten(forgetting: SqlForgettingStore) -> Forget:
    def run(person: Person = PERSON, now: int = NOW) -> Forgotten:
        total = Forgotten()
        for done in forget(forgetting, person, RING, now):
            total = total.plus(done)
        assert forgetting.wipe()
        return total

    return run


def sent(number: int, *addresses: str, at: int = NOW - MINUTE, project: int = 1) -> list[Record]:
    """Return what is recorded of a message, into which others wrote the first address; and two clicks."""
    name = message_id(at, number.to_bytes(6, "big"))
    alone = len(addresses) == 1
    references = [REFERENCE if alone else None] * len(addresses)
    url = f"https://example.com/{number}?email={addresses[0].replace('@', '%40')}"
    record = message(
        id=name,
        at=at,
        project=project,
        recipients=tuple(
            Recipient(address=address, reference=reference)
            for address, reference in zip(addresses, references, strict=True)
        ),
        sender="b+" + addresses[0].replace("@", "=") + "@esp.example",
        metadata={"for": addresses[0], "customer": "42"},
        links=(TrackedLink(number=1, url=url, name="", tags=()),),
    )
    clicked = {"message": name, "project": project, "recipient": references[0], "url": url, "link": 1}
    return [
        record,
        outcome(number, message=name, at=at, reply=f"250 2.1.5 <{addresses[0]}> queued"),
        hit(2 * number, at=at, user_agent=CHROME, address="198.51.100.77", **clicked),
        hit(2 * number + 1, at=at, user_agent=SCANNER, address="198.51.100.78", **clicked),
    ]


def is_clean(database: Database) -> bool:
    found = database.everything().lower()
    return not any(trace in found for trace in ("unmistakable", "198.51.100.7"))


def test_a_person_is_forgotten_and_the_numbers_stay(
    store: SqlEventStore, forgotten: Forget, database: Database
) -> None:
    for number in range(1, 6):
        store.add(sent(number, ANN))
    before = store.statistics(None, EventFilter())
    assert forgotten() == Forgotten(received=5, hits=10)
    assert is_clean(database)
    assert store.statistics(None, EventFilter()) == before
    events = [event for event in store.events(EventFilter()) if event.kind == "click"]
    assert {(event.recipient, event.address, event.user_agent) for event in events} == {("", "", WITHHELD)}
    assert {event.verdict for event in events} == {"human", "machine"}
    assert {tuple(event.metadata) for event in events} == {()}
    assert forgotten() == Forgotten()


def test_others_are_left_alone(store: SqlEventStore, forgotten: Forget, database: Database) -> None:
    store.add(sent(1, BOB))
    before = database.execute("SELECT * FROM hits ORDER BY id")
    store.add(sent(2, ANN))
    forgotten()
    kept = [event for event in store.events(EventFilter(recipient=BOB)) if event.kind == "click"]
    assert {event.metadata["customer"] for event in kept} == {"42"}
    assert database.execute("SELECT * FROM hits ORDER BY id")[:2] == before


def test_of_a_shared_copy_the_others_stay(
    store: SqlEventStore, forgotten: Forget, database: Database
) -> None:
    store.add(sent(1, ANN, BOB))
    assert forgotten() == Forgotten(received=1)
    assert "unmistakable" not in database.everything().lower()
    [told] = [event for event in store.events(EventFilter()) if event.kind == "relayed"]
    assert (told.shared_copy, told.metadata) == (True, {"for": "[removed]", "customer": "42"})
    assert store.events(EventFilter(recipient=BOB)) != []


def test_mail_from_the_person_names_him_no_more(
    store: SqlEventStore, forgotten: Forget, database: Database
) -> None:
    record = sent(1, BOB)[0]
    assert isinstance(record, MessageRecord)
    store.add([message(id=record.id, at=record.at, sender=ANN, recipients=record.recipients)])
    assert forgotten() == Forgotten(sent=1)
    assert "unmistakable" not in database.everything().lower()


def test_in_one_project_alone(store: SqlEventStore, forgotten: Forget) -> None:
    store.add([*sent(1, ANN, project=1), *sent(2, ANN, project=2)])
    assert forgotten(Person(address=ANN, project=2)).received == 1
    assert {event.recipient for event in store.events(EventFilter(project=2))} == {""}
    assert {event.recipient for event in store.events(EventFilter(project=1))} == {ANN}
    store.add([*sent(3, ANN, project=1), *sent(4, ANN, project=2)])
    assert {event.recipient for event in store.events(EventFilter(project=2))} == {""}
    assert {event.recipient for event in store.events(EventFilter(project=1))} == {ANN}


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_records_that_come_late_are_stored_without_the_person(
    order: tuple[int, ...], store: SqlEventStore, forgotten: Forget, database: Database
) -> None:
    store.add(sent(9, BOB))
    forgotten()
    records = sent(1, ANN)
    for place in order:
        store.add([records[place]])
    store.add(records)  # and once more, after a crash
    found = database.execute(f"SELECT address, user_agent FROM hits WHERE message = '{_of(records)}'")
    assert found == [("", WITHHELD)] * 2
    assert "unmistakable" not in database.everything().lower()
    verdicts = [event.verdict for event in store.events(EventFilter(kind="click", message=_of(records)))]
    assert sorted(verdicts) == ["human", "machine"]


def _of(records: list[Record]) -> str:
    assert isinstance(records[0], MessageRecord)
    return records[0].id


def test_mail_of_later_is_mail_as_any_other(store: SqlEventStore, forgotten: Forget) -> None:
    forgotten()
    store.add(sent(1, ANN, at=NOW + 1))
    assert {event.recipient for event in store.events(EventFilter())} == {ANN}
    assert CHROME in {event.user_agent for event in store.events(EventFilter())}


def test_judging_again_leaves_the_verdicts_of_what_was_forgotten(
    store: SqlEventStore, forgotten: Forget, engine: Engine
) -> None:
    store.add(sent(1, ANN))
    forgotten()
    list(SqlJudgingStore(engine).rejudge(0, 2 * NOW))
    assert {event.verdict for event in store.events(EventFilter(kind="click"))} == {"human", "machine"}


def test_a_batch_under_way_is_gone_over(database: Database) -> None:
    """Shippers and a wish at the same time: whoever comes first, nothing stays."""
    engine = open_engine(database.url)
    store, forgetting = SqlEventStore(engine, ring=lambda: RING), SqlForgettingStore(engine)
    begun = threading.Event()

    def ship() -> None:
        for number in range(1, 40):
            store.add(sent(number, ANN))
            begun.set()

    shipping = threading.Thread(target=ship)
    shipping.start()
    begun.wait(30)
    list(forget(forgetting, PERSON, RING, NOW))
    shipping.join()
    assert "unmistakable" not in {
        row[0].lower() for row in database.execute("SELECT address FROM recipients")
    }
    assert database.execute("SELECT * FROM hits WHERE address != ''") == []
    engine.dispose()


def test_all_that_is_stored_of_a_person_is_told_and_of_no_other(
    store: SqlEventStore, forgetting: SqlForgettingStore
) -> None:
    store.add([*sent(1, ANN), *sent(2, BOB), *sent(3, ANN, BOB)])
    first, shared = about(forgetting, PERSON)
    assert first["message"]["metadata"] == {"for": ANN, "customer": "42"}
    assert first["recipient"] == {"address": ANN, "reference": REFERENCE}
    assert [link["number"] for link in first["links"]] == [1]
    assert [each["code"] for each in first["outcomes"]] == [250]
    assert [each["address"] for each in first["hits"]] == ["198.51.100.77", "198.51.100.78"]
    assert shared["hits"] == []
    assert BOB not in str([first, shared])
    assert list(about(forgetting, Person(address="nobody@example.net"))) == []
    assert list(about(forgetting, Person(address=ANN, project=2))) == []


@each_fault_for_readers
def test_a_database_that_is_away_is_told(fault: Fault, database: Database) -> None:
    engine = open_engine(database.url, lock_timeout=0)
    forgetting = SqlForgettingStore(engine)
    with fault(database), pytest.raises(StoreUnavailable):
        list(about(forgetting, PERSON))
    assert list(about(forgetting, PERSON)) == []
    engine.dispose()
