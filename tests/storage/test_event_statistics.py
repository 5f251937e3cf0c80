from typing import Any

import pytest
from sqlalchemy import Engine

from events.counting import Counts, Dimension
from events.model import Hit, HitKind, Recipient, TrackedLink
from events.ports import EventFilter
from storage.event_store import SqlEventStore
from tests.events.records import AT, MESSAGE, hit, message, outcome
from tests.events.verdicts.agents import CHROME

OTHER = "0196b1c2d3e4ffffffffffff"
DAY = 86_400_000
OPEN = {"kind": HitKind.OPEN, "link": 0, "url": ""}


@pytest.fixture
def store(engine: Engine) -> SqlEventStore:
    return SqlEventStore(engine)


def human(number: int, **fields: Any) -> Hit:
    return hit(number, **{"user_agent": CHROME} | fields)


def machine(number: int, **fields: Any) -> Hit:
    return hit(number, **{"method": "HEAD"} | fields)


def counted(
    store: SqlEventStore, by: Dimension | None = None, **wanted: Any
) -> dict[str, tuple[Counts, Counts]]:
    """Return clicks and opens by value, in the order given."""
    return {each.value: (each.clicks, each.opens) for each in store.statistics(by, EventFilter(**wanted))}


def readers(store: SqlEventStore, by: Dimension, **wanted: Any) -> dict[str, int]:
    """Return the people who clicked, by value, in the order given."""
    return {value: clicks.readers for value, (clicks, _) in counted(store, by, **wanted).items()}


def test_people_and_all_are_counted_apart(store: SqlEventStore) -> None:
    store.add([human(1), human(2, link=2), machine(3), machine(4, recipient="02"), human(5, **OPEN)])
    assert counted(store) == {
        "": (
            Counts(readers=1, human=2, all_readers=2, all=4),
            Counts(readers=1, human=1, all_readers=1, all=1),
        )
    }


def test_nothing_is_nothing(store: SqlEventStore) -> None:
    assert counted(store) == {}


def test_recipients_of_a_shared_copy_are_told_apart_by_address(store: SqlEventStore) -> None:
    shared = {"recipient": None, "address": "192.0.2.1"}
    store.add([human(1, **shared), human(2, **shared), human(3, **shared | {"address": "192.0.2.2"})])
    assert counted(store)[""][0] == Counts(readers=2, human=3, all_readers=2, all=3)


def test_outcomes_are_no_events_of_readers(store: SqlEventStore) -> None:
    store.add([outcome(1), message()])
    assert counted(store) == {}


def test_each_dimension(store: SqlEventStore) -> None:
    store.add(
        [message(), message(id=OTHER, sending_domain="b.example", tracking_domain="t.b.example", tags=())]
    )
    store.add([human(1), human(2, link=2, url="https://example.com/"), human(3, recipient="02")])
    store.add([human(4, message=OTHER, at=AT + DAY), human(5, message="cc", at=AT + 2 * DAY)])
    url = "https://example.com/offer?id=1&n=ä"
    assert readers(store, Dimension.MESSAGE) == {MESSAGE: 2, OTHER: 1, "cc": 1}
    # The record of a message without its links (`OTHER` has them, too) names none: its URL stands for it.
    assert readers(store, Dimension.LINK) == {"offer": 3, "https://example.com/": 1, url: 1}
    assert readers(store, Dimension.TAG) == {"": 2, "welcome": 2}
    assert readers(store, Dimension.SENDER) == {"example.com": 2, "": 1, "b.example": 1}
    assert readers(store, Dimension.DOMAIN) == {"track.example.com": 2, "": 1, "t.b.example": 1}
    assert list(readers(store, Dimension.DAY).items()) == [
        ("2026-09-21", 2),
        ("2026-09-22", 1),
        ("2026-09-23", 1),
    ]
    assert readers(store, Dimension.AGENT) == {CHROME: 4}


def test_a_message_counts_for_each_of_its_tags(store: SqlEventStore) -> None:
    store.add([message(tags=("a", "b", "a")), message(id=OTHER, tags=("b",))])
    store.add([human(1), human(2, message=OTHER)])
    assert readers(store, Dimension.TAG) == {"b": 2, "a": 1}


def test_opens_have_no_link(store: SqlEventStore) -> None:
    store.add([message(), human(1, **OPEN)])
    assert counted(store, Dimension.LINK) == {}


def test_no_more_than_the_limit_and_the_most_read_first(store: SqlEventStore) -> None:
    store.add([human(n, message=f"{n % 3:x}", recipient=f"{n:x}") for n in range(7)])
    for by in (Dimension.MESSAGE, Dimension.DOMAIN):
        assert len(store.statistics(by, EventFilter(limit=1))) == 1
    assert readers(store, Dimension.MESSAGE, limit=1) == {"0": 3}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"message": MESSAGE}, 2),
        ({"message": "1@example.com"}, 2),
        ({"message": OTHER}, 1),
        ({"sending_domain": "example.com"}, 2),
        ({"tag": "welcome"}, 2),
        ({"tag": "elcome"}, 0),
        ({"tag": "%"}, 0),
        ({"link": "offer"}, 2),
        ({"link": "https://a.example/"}, 1),
        ({"recipient": "ann@example.net"}, 1),
        ({"recipient": "ANN@example.net"}, 0),
        ({"host": "t.example"}, 1),
        ({"project": 2}, 1),
        ({"after": AT + 3}, 1),
        ({"before": AT + 3}, 2),
        ({"verdict": "human"}, 3),
        ({"verdict": "machine"}, 0),
        (
            {
                "recipient": "ann@example.net",
                "tag": "welcome",
                "link": "offer",
                "after": AT,
                "host": "t.example",
            },
            0,
        ),
    ],
)
def test_filters(store: SqlEventStore, wanted: dict[str, Any], found: int) -> None:
    store.add([message(), message(id=OTHER, message_id="", sending_domain="", tags=("x",), links=())])
    away = {
        "message": OTHER,
        "url": "https://a.example/",
        "host": "t.example",
        "project": 2,
        "recipient": None,
    }
    store.add([human(1), human(2, recipient="02"), human(3, **away)])
    assert sum(clicks.readers for clicks, _ in counted(store, Dimension.DAY, **wanted).values()) == found
    listed = [each for each in store.events(EventFilter(**wanted)) if each.kind == "click"]
    assert len(listed) == found


def test_pages_go_on_where_the_last_one_ended(store: SqlEventStore) -> None:
    store.add(
        [message(), *(human(n, at=AT + n // 4) for n in range(1, 20)), *(outcome(n) for n in range(30, 35))]
    )
    everything = store.events(EventFilter(limit=100))[::-1]
    wanted, found = EventFilter(limit=4), []
    page = store.events_beyond(wanted, None)
    while page:
        found += page
        page = store.events_beyond(wanted, (page[-1].at, page[-1].id))
    assert found == everything
    assert len(found) == 24


def test_recipients_of_outcomes_are_all_of_the_message(store: SqlEventStore) -> None:
    both = tuple(Recipient(address=f"{name}@example.net", reference=None) for name in ("ann", "bob"))
    link = TrackedLink(number=1, url="u", name="", tags=())
    store.add([message(recipients=both, links=(link,)), outcome(1)])
    assert len(store.events(EventFilter(recipient="bob@example.net"))) == 1
    assert store.events(EventFilter(recipient="eve@example.net")) == []
