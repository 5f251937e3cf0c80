import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from events.webhooks.errors import StoreUnavailable, UnknownWebhook
from events.webhooks.model import DeliveryState, Kind
from storage.event_store import SqlEventStore
from storage.webhook_queue import SqlDeliveryQueue
from storage.webhook_store import SqlWebhookStore
from tests.events.records import hit
from tests.events.webhooks.builders import NOW, WEBHOOK, webhook
from tests.storage.databases import Database
from tests.storage.faults import Fault, each_fault_for_readers, each_fault_for_writers

OTHER = "ffffffffffff"


@pytest.fixture
def store(engine: Engine) -> SqlWebhookStore:
    return SqlWebhookStore(engine)


@pytest.fixture
def queue(engine: Engine) -> SqlDeliveryQueue:
    return SqlDeliveryQueue(engine)


def test_webhooks_are_kept_as_they_are(store: SqlWebhookStore) -> None:
    other = webhook(id=OTHER, project=None, kinds=(Kind.OPEN,), label="x", created_at=NOW - timedelta(days=1))
    for each in (WEBHOOK, other):
        store.add(each)
    assert store.webhooks() == [other, WEBHOOK]
    assert store.find(OTHER) == other
    assert store.find("000000000000") is None


def test_secrets_change_together(store: SqlWebhookStore) -> None:
    store.add(WEBHOOK)
    store.set_secrets(WEBHOOK.id, b"new", b"sealed", NOW)
    changed = replace(WEBHOOK, secret=b"new", former_secret=b"sealed", former_until=NOW)
    assert store.find(WEBHOOK.id) == changed


def test_pausing_and_resuming(store: SqlWebhookStore) -> None:
    store.add(webhook(failures=3, failing_since=NOW, failing_why="answered 500"))
    store.pause(WEBHOOK.id, "by hand")
    found = store.find(WEBHOOK.id)
    assert found is not None
    assert (found.paused, found.paused_why, found.failures) == (True, "by hand", 3)
    store.resume(WEBHOOK.id)
    assert store.find(WEBHOOK.id) == WEBHOOK


def test_who_was_removed_cannot_be_changed(store: SqlWebhookStore) -> None:
    for change in (
        lambda: store.pause(OTHER, ""),
        lambda: store.resume(OTHER),
        lambda: store.set_secrets(OTHER, b"", None, None),
    ):
        with pytest.raises(UnknownWebhook):
            change()
    store.remove(OTHER)


def test_what_waits_goes_with_its_webhook(
    engine: Engine, store: SqlWebhookStore, queue: SqlDeliveryQueue
) -> None:
    for each in (WEBHOOK, webhook(id=OTHER)):
        store.add(each)
    SqlEventStore(engine).add([hit(1), hit(2)])
    queue.take_due("me", limit=10, failing=0, seconds=60)
    queue.batch("me", WEBHOOK.id, "msg_1", list(queue.look(WEBHOOK.id, 1).noted))
    assert (store.waiting(WEBHOOK.id), store.waiting(OTHER)) == (1, 2)
    store.remove(WEBHOOK.id)
    assert (store.waiting(WEBHOOK.id), store.waiting(OTHER)) == (0, 2)
    assert store.deliveries(WEBHOOK.id, None, 10) == []


def test_what_failed_can_be_sent_again(
    engine: Engine, store: SqlWebhookStore, queue: SqlDeliveryQueue
) -> None:
    store.add(WEBHOOK)
    SqlEventStore(engine).add([hit(number) for number in range(1, 4)])
    queue.take_due("me", limit=10, failing=0, seconds=60)
    made = []
    waiting = queue.look(WEBHOOK.id, 3).noted
    for number in (1, 2, 3):
        delivery = queue.batch("me", WEBHOOK.id, f"msg_{number}", waiting[number - 1 : number])
        assert delivery is not None
        made.append(delivery)
    queue.failed(made[0], "answered 500", next_in=None, rest=0)
    queue.delivered(made[1], "answered 200")

    def states() -> dict[str, DeliveryState]:
        return {each.id: each.state for each in store.deliveries(WEBHOOK.id, None, 10)}

    ended = {"msg_1": DeliveryState.FAILED, "msg_2": DeliveryState.DELIVERED, "msg_3": DeliveryState.WAITING}
    assert states() == ended
    for state in DeliveryState:
        assert [each.state for each in store.deliveries(WEBHOOK.id, state, 10)] == [state]
    with pytest.raises(UnknownWebhook):
        store.replay(WEBHOOK.id, ["msg_1", "msg_3"], None)
    assert states() == ended
    assert store.replay(WEBHOOK.id, None, NOW + timedelta(days=100_000)) == 0
    assert store.replay(WEBHOOK.id, None, None) == 1
    assert states() == ended | {"msg_1": DeliveryState.WAITING}
    assert store.replay(WEBHOOK.id, ["msg_2"], None) == 1
    due = queue.look(WEBHOOK.id, 1).due
    assert due is not None
    assert due.events == made[int(due.id[-1]) - 1].events


@pytest.mark.parametrize("call", [lambda store: store.webhooks(), lambda store: store.waiting(OTHER)])
@each_fault_for_readers
def test_a_database_that_is_away_is_told(
    store: SqlWebhookStore, database: Database, fault: Fault, call: Callable[[SqlWebhookStore], object]
) -> None:
    with fault(database), pytest.raises(StoreUnavailable, match=re.escape(database.shown)):
        call(store)


@each_fault_for_writers
def test_a_change_to_a_database_that_is_away_is_refused_whole(
    store: SqlWebhookStore, database: Database, fault: Fault
) -> None:
    with fault(database), pytest.raises(StoreUnavailable, match=re.escape(database.shown)):
        store.add(WEBHOOK)
    assert store.webhooks() == []
