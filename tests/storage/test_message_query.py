import pytest
from sqlalchemy import Engine

from events.message_view import AlikeHits
from events.model import HitKind, Recipient, Verdict
from events.ports import EventFilter
from links.recipients import RecipientTracking
from storage.event_store import SqlEventStore
from tests.events.records import AT, MESSAGE, hit, message, outcome


@pytest.fixture
def store(engine: Engine) -> SqlEventStore:
    return SqlEventStore(engine)


def test_a_message_is_shown_as_its_record_said(store: SqlEventStore) -> None:
    record = message(
        recipients=(
            Recipient(address="zoe@example.net", reference=None),
            Recipient(address="ann@example.net", reference=None),
        ),
        recipient_tracking=RecipientTracking.ANONYMOUS,
        untracked="outside-share",
    )
    store.add([record, message(id="1" * 24)])
    view = store.message(1, MESSAGE)
    assert view is not None
    assert (view.record, view.hits) == (record, ())


def test_its_hits_are_counted_by_what_they_have_in_common(store: SqlEventStore) -> None:
    opened = {"kind": HitKind.OPEN, "link": 0, "url": "", "user_agent": "curl/8"}
    person = {"user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
    store.add([message(), outcome(2, verdict=Verdict.UNKNOWN, code=0), outcome(1), hit(4, **opened)])
    store.add([hit(number, at=AT + 60_000, link=link, **person) for number, link in ((1, 1), (2, 1), (3, 2))])
    store.add([message(id="1" * 24), hit(5, message="1" * 24)])
    view = store.message(1, MESSAGE)
    assert view is not None
    assert view.outcomes == (outcome(1), outcome(2, verdict=Verdict.UNKNOWN, code=0))
    assert view.hits == (
        AlikeHits(kind="click", link=1, verdict="human", reasons=(), hits=2),
        AlikeHits(kind="click", link=2, verdict="human", reasons=(), hits=1),
        AlikeHits(kind="open", link=0, verdict="machine", reasons=("program",), hits=1),
    )


@pytest.mark.parametrize("name", ["2" * 24, "", "<1@example.com>", "\0", "\udc80", "' OR 1=1 --"])
def test_other_messages_are_not_there(store: SqlEventStore, name: str) -> None:
    store.add([message()])
    assert store.message(1, name) is None


def test_another_projects_message_is_not_there(store: SqlEventStore) -> None:
    store.add([message(project=2)])
    assert store.message(1, MESSAGE) is None


def test_the_newest_are_read_page_by_page_each_once(store: SqlEventStore) -> None:
    store.add([message(), outcome(7, at=AT + 5), *(hit(number, at=AT + 5) for number in (3, 2, 9))])
    store.add([hit(4, at=AT + 9), outcome(8, at=AT + 1)])
    whole = [event.id for event in store.events(EventFilter())]
    seen: list[str] = []
    beyond = None
    while page := store.events(EventFilter(limit=2), beyond):
        seen += [event.id for event in page]
        beyond = page[-1].at, page[-1].id
    assert seen == whole
    assert len(whole) == 6
