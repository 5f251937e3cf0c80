from sqlalchemy import Engine

from events.report import Tally
from links.ids import message_id
from storage.event_store import SqlEventStore
from tests.events.records import AT, message


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
