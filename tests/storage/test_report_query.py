from sqlalchemy import Engine

from events.model import Recipient, Verdict
from events.ports import EventFilter
from events.report import Tally
from links.ids import message_id
from storage.event_store import SqlEventStore
from tests.events.records import AT, message, outcome


def tally(messages: int, links: int, **fields: object) -> Tally:
    """Return what messages of `tests.events.records` come to."""
    given: dict[str, object] = {
        "project": 1,
        "sending_domain": "example.com",
        "mode": "on",
        "rewritten": True,
        "pixel": True,
        "untracked": "",
        "left_alone": {"not-http": 2},
    }
    return Tally(**given | fields, messages=messages, links=links)  # type: ignore[arg-type]


def named(number: int, at: int = AT) -> str:
    return message_id(at, number.to_bytes(6, "big"))


def test_messages_that_are_alike_are_counted_together(engine: Engine) -> None:
    store = SqlEventStore(engine)
    alike = [message(id=named(number)) for number in range(3)]
    other = message(id=named(3), key=0, links=(), pixel=False, untracked="null-sender", left_alone={})
    store.add([*alike, other])
    assert sorted(store.tallies(0), key=lambda each: each.messages) == [
        tally(1, 0, rewritten=False, pixel=False, untracked="null-sender", left_alone={}),
        tally(3, 6),
    ]


def test_only_those_since_a_time_and_of_a_project(engine: Engine) -> None:
    store = SqlEventStore(engine)
    store.add([message(id=named(1, AT), at=AT), message(id=named(2, AT + 1), at=AT + 1, project=2)])
    assert store.tallies(AT) == [tally(1, 2), tally(1, 2, project=2)]
    assert store.tallies(AT + 1) == [tally(1, 2, project=2)]
    assert store.tallies(AT + 2) == []
    assert store.tallies(0, 1) == [tally(1, 2)]
    assert store.tallies(-5, 3) == []


def test_copies_are_counted_where_the_upstream_took_the_message(engine: Engine) -> None:
    store = SqlEventStore(engine)
    two = tuple(Recipient(address=f"{name}@example.net", reference=None) for name in ("ann", "bob"))
    store.add(
        [
            message(id=named(1), recipients=two),
            message(id=named(2), recipients=()),  # of nobody that is written down
            message(id=named(3)),  # refused
            message(id=named(4)),  # not known yet
            message(id=named(5, AT + 5), tags=("other",), sending_domain="example.org"),
            message(id=named(6), project=2),
            *(outcome(number, message=named(number)) for number in (1, 2, 6)),
            outcome(7, message=named(1)),  # said twice
            outcome(3, message=named(3), verdict=Verdict.REFUSED),
            outcome(5, message=named(5, AT + 5)),
        ]
    )
    for fields, count in (
        ({}, 5),
        ({"project": 1}, 4),
        ({"project": 1, "after": AT, "before": AT + 5}, 3),
        ({"project": 1, "after": AT + 5}, 1),
        ({"project": 1, "tag": "welcome"}, 3),
        ({"project": 1, "sending_domain": "example.org"}, 1),
        ({"project": 3}, 0),
        ({"after": -5, "before": 0}, 0),
    ):
        assert store.copies(EventFilter(**fields)) == count, fields  # type: ignore[arg-type]
