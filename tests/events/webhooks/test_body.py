import json
from dataclasses import asdict
from typing import Any

from events.webhooks.body import Body, Facts, compose, trial
from events.webhooks.model import Kind, Noted
from tests.events.webhooks.builders import NOW, event, noted

FACTS = Facts(events={event(number).id: event(number) for number in range(1, 6)}, projects={1: "default"})


def read(body: Body) -> list[dict[str, Any]]:
    batch = json.loads(body.octets)
    assert list(batch) == ["type", "timestamp", "events"]
    assert (batch["type"], batch["timestamp"]) == ("events", "2026-03-01T12:00:00Z")
    assert len(batch["events"]) == body.events
    events: list[dict[str, Any]] = batch["events"]
    return events


def test_an_event_of_a_message_is_told_as_it_is_listed() -> None:
    [told] = read(compose([noted(1)], FACTS, NOW))
    assert told == json.loads(json.dumps(asdict(event(1)))) | {"project": "default"}


def test_other_events_are_told_as_they_were_noted() -> None:
    waiting = noted(event="domain-7", kind=Kind.DOMAIN_FAILED, payload={"domain": "track.example.com"})
    assert read(compose([waiting], FACTS, NOW)) == [
        {
            "id": "domain-7",
            "kind": "domain.failed",
            "at": 1,
            "project": "default",
            "domain": "track.example.com",
        }
    ]


def test_a_batch_ends_where_it_would_be_too_large() -> None:
    waiting = [noted(number) for number in range(1, 6)]
    one = len(compose(waiting[:1], FACTS, NOW).octets)
    body = compose(waiting, FACTS, NOW, most_bytes=3 * one)
    assert 0 < len(body.taken) == body.events < 5
    assert compose(waiting, FACTS, NOW, most_bytes=None).events == 5
    assert read(compose(waiting, FACTS, NOW, most_bytes=1))[0]["at"] == 1  # at least one


def test_what_was_deleted_meanwhile_is_passed_over() -> None:
    waiting: list[Noted] = [noted(1), noted(9), noted(2)]
    body = compose(waiting, FACTS, NOW)
    assert [told["at"] for told in read(body)] == [1, 2]
    assert body.taken == tuple(waiting)
    assert compose([noted(9)], FACTS, NOW).events == 0


def test_text_of_strangers_cannot_break_the_batch() -> None:
    strange = event(1, user_agent='"}],\n\0\ud800ä')
    [told] = read(compose([noted(1)], Facts(events={strange.id: strange}, projects={}), NOW))
    assert told["user_agent"] == strange.user_agent
    assert told["project"] is None


def test_a_trial_is_a_batch_of_one() -> None:
    [told] = json.loads(trial("ab", "default", NOW))["events"]
    assert told == {"id": "ab", "kind": "test", "at": 1772366400000, "project": "default"}
