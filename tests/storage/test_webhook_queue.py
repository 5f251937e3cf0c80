import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, update

from events.webhooks.model import Delivery, DeliveryState, Kind, Noted, Webhook
from storage.database_clock import database_time
from storage.engine import open_engine, transaction
from storage.event_store import SqlEventStore
from storage.webhook_queue import SqlDeliveryQueue
from storage.webhook_rows import event_values
from storage.webhook_store import SqlWebhookStore
from storage.webhook_tables import webhook_deliveries, webhooks
from tests.events.records import hit, message, outcome
from tests.events.webhooks.builders import NOW, WEBHOOK, noted, webhook
from tests.storage.databases import Database

OTHER = "ffffffffffff"
LONG = 3_600.0


class Scene:
    """A queue, and what it is about."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.queue = SqlDeliveryQueue(engine)
        self.webhooks = SqlWebhookStore(engine)
        self.events = SqlEventStore(engine)

    def add(self, **fields: object) -> None:
        self.webhooks.add(webhook(**fields))

    def happen(self, *numbers: int) -> None:
        self.events.add([hit(number) for number in numbers])

    def taken(
        self, owner: str = "me", *, limit: int = 10, failing: int = 9, seconds: float = LONG
    ) -> list[str]:
        found = self.queue.take_due(owner, limit=limit, failing=failing, seconds=seconds)
        return sorted(each.id for each in found)

    def noted(self, limit: int = 100) -> list[Noted]:
        return list(self.queue.look(WEBHOOK.id, limit).noted)

    def due(self) -> Delivery | None:
        return self.queue.look(WEBHOOK.id, 1).due

    def batch(self, number: int = 1, owner: str = "me") -> Delivery | None:
        waiting = self.noted()
        return self.queue.batch(owner, WEBHOOK.id, f"msg_{number}", waiting)

    def made(self) -> Delivery:
        """Return a batch of one click, of a webhook that is leased."""
        self.add()
        self.happen(1)
        assert self.taken() == [WEBHOOK.id]
        delivery = self.batch()
        assert delivery is not None
        return delivery

    def found(self) -> Webhook:
        webhook = self.webhooks.find(WEBHOOK.id)
        assert webhook is not None
        return webhook

    def now(self) -> datetime:
        with transaction(self.engine, writes=False, raising=RuntimeError) as connection:
            return database_time(connection)

    def keep(self, delivery: Delivery) -> None:
        """Keep a batch whose time has come."""
        with transaction(self.engine, writes=True, raising=RuntimeError) as connection:
            row = {name: getattr(delivery, name) for name in ("id", "webhook", "created_at", "begun_at")}
            events = list(map(event_values, delivery.events))
            connection.execute(webhook_deliveries.insert().values(**row, events=events, next_attempt_at=NOW))

    def let_time_pass(self) -> None:
        """Have come whatever was to come."""
        past = self.now() - timedelta(seconds=1)
        with transaction(self.engine, writes=True, raising=RuntimeError) as connection:
            connection.execute(update(webhooks).values(rest_until=past, leased_until=past))
            waiting = webhook_deliveries.c.ended_at.is_(None)
            connection.execute(update(webhook_deliveries).where(waiting).values(next_attempt_at=past))


@pytest.fixture
def scene(engine: Engine) -> Scene:
    return Scene(engine)


def test_a_webhook_is_due_once_something_waits(scene: Scene) -> None:
    scene.add()
    scene.add(id=OTHER, kinds=(Kind.OPEN,))
    assert scene.taken() == []
    scene.happen(1)
    assert scene.taken() == [WEBHOOK.id]


def test_a_lease_keeps_others_away_until_it_ends(scene: Scene) -> None:
    scene.add()
    scene.happen(1)
    assert scene.taken(seconds=-1.0) == [WEBHOOK.id]
    assert scene.taken("other") == [WEBHOOK.id]
    assert scene.taken() == []
    scene.queue.release("me")
    assert scene.taken() == []
    scene.queue.release("other", WEBHOOK.id)
    assert scene.taken() == [WEBHOOK.id]


def test_who_lost_the_lease_makes_no_batch(scene: Scene) -> None:
    scene.add()
    scene.happen(1)
    scene.taken(seconds=-1.0)
    scene.taken("other")
    assert scene.batch() is None
    assert len(scene.noted()) == 1
    assert scene.batch(owner="other") is not None


def test_a_paused_webhook_is_left_alone_and_its_events_wait(scene: Scene) -> None:
    scene.add()
    scene.webhooks.pause(WEBHOOK.id, "by hand")
    scene.happen(1)
    assert scene.taken() == []
    scene.webhooks.resume(WEBHOOK.id)
    assert scene.taken() == [WEBHOOK.id]


def test_of_those_that_fail_only_some_are_taken(scene: Scene) -> None:
    for number in range(4):
        scene.add(id=f"f{number}", failures=1)
        scene.add(id=f"w{number}")
    scene.happen(1)
    assert scene.taken(failing=0, limit=1) == ["w0"]
    assert scene.taken(failing=2, limit=4) == ["f0", "f1", "w1", "w2"]
    assert scene.taken(failing=3, limit=1) == ["f2"]
    assert scene.taken() == ["f3", "w3"]


def test_a_batch_takes_what_it_holds_from_the_outbox(scene: Scene) -> None:
    scene.add()
    scene.happen(3, 1, 2)
    scene.taken()
    waiting = scene.noted(2)
    assert [each.event for each in waiting] == [hit(1).id, hit(2).id]
    delivery = scene.queue.batch("me", WEBHOOK.id, "msg_1", waiting)
    assert delivery is not None
    assert delivery.events == tuple(waiting)
    assert scene.due() == delivery
    assert scene.queue.delivered(delivery, "answered 200")
    assert [each.event for each in scene.noted(2)] == [hit(3).id]


def test_what_was_delivered_is_done(scene: Scene) -> None:
    delivery = scene.made()
    assert not scene.queue.delivered(delivery, "answered 200")
    scene.happen(2)
    assert scene.taken() == [WEBHOOK.id]  # the lease was given back
    last = scene.batch(2)
    assert last is not None
    assert not scene.queue.delivered(last, "answered 200")
    assert scene.taken() == []
    assert scene.due() is None
    [kept] = [each for each in scene.webhooks.deliveries(WEBHOOK.id, None, 10) if each.id == delivery.id]
    assert (kept.state, kept.attempts) == (DeliveryState.DELIVERED, 1)
    assert (kept.detail, kept.events) == ("answered 200", delivery.events)


def test_after_a_failure_both_rest(scene: Scene) -> None:
    delivery = scene.made()
    scene.queue.failed(delivery, "answered 500", next_in=100, rest=50)
    scene.queue.release("me")
    scene.happen(2)
    assert scene.taken(failing=9) == []
    assert scene.due() is None
    found = scene.found()
    assert (found.failures, found.failing_why) == (1, "answered 500")
    scene.let_time_pass()
    assert scene.taken(failing=9) == [WEBHOOK.id]
    again = scene.due()
    assert again is not None
    assert (again.id, again.attempts, again.events) == (delivery.id, 1, delivery.events)
    scene.queue.failed(again, "answered 502", next_in=100, rest=50)
    assert scene.found().failing_since == found.failing_since
    assert scene.found().failures == 2


def test_when_it_works_again_everything_is_due(scene: Scene) -> None:
    delivery = scene.made()
    scene.queue.failed(delivery, "answered 500", next_in=LONG, rest=0)
    scene.happen(2)
    other = scene.batch(2)
    assert other is not None
    scene.queue.delivered(other, "answered 200")
    assert (scene.found().failures, scene.found().failing_since) == (0, None)
    due = scene.due()
    assert due is not None
    assert due.id == delivery.id


def test_giving_a_delivery_up(scene: Scene) -> None:
    delivery = scene.made()
    scene.queue.failed(delivery, "answered 500", next_in=None, rest=0)
    assert scene.due() is None
    [kept] = scene.webhooks.deliveries(WEBHOOK.id, DeliveryState.FAILED, 10)
    assert kept.detail == "answered 500"


def test_giving_an_endpoint_up(scene: Scene) -> None:
    scene.made()
    scene.happen(2)
    scene.queue.give_up(WEBHOOK.id, "answered 410")
    found = scene.found()
    assert (found.paused, found.paused_why) == (True, "answered 410")
    [kept] = scene.webhooks.deliveries(WEBHOOK.id, None, 10)
    assert kept.state is DeliveryState.FAILED
    assert scene.webhooks.waiting(WEBHOOK.id) == 1


def test_a_batch_of_nothing_is_forgotten(scene: Scene) -> None:
    scene.queue.drop(scene.made())
    assert scene.webhooks.deliveries(WEBHOOK.id, None, 10) == []


def test_facts_are_what_is_known_now(scene: Scene) -> None:
    scene.events.add([message(), hit(1), outcome(2)])
    waiting = [
        noted(event=hit(1).id, at=hit(1).at),
        noted(event=outcome(2).id, at=outcome(2).at, kind=Kind.RELAYED),
        noted(event=hit(9).id, at=hit(9).at),
        noted(event="domain-1", kind=Kind.DOMAIN_FAILED, payload={}),
    ]
    made = Delivery(id="msg_1", webhook=WEBHOOK.id, created_at=NOW, begun_at=NOW, events=tuple(waiting))
    scene.keep(made)
    facts = scene.queue.look(WEBHOOK.id, 1).facts
    assert facts.projects == {1: "default"}
    assert {event.kind: event.recipient for event in facts.events.values()} == {
        "click": "ann@example.net",
        "relayed": "ann@example.net",
    }


def test_of_many_at_the_same_time_each_webhook_has_one(database: Database) -> None:
    engine = open_engine(database.url)
    scene = Scene(engine)
    for number in range(40):
        scene.add(id=f"{number:012x}")
    scene.happen(1)
    start = threading.Barrier(4)

    def take(owner: str) -> list[str]:
        start.wait()
        return [name for _ in range(10) for name in scene.taken(owner)]

    with ThreadPoolExecutor(4) as pool:
        taken = [name for names in pool.map(take, "abcd") for name in names]
    assert sorted(taken) == [f"{number:012x}" for number in range(40)]
    engine.dispose()
