import time
from datetime import timedelta

import pytest
from sqlalchemy import Engine, update

from events.webhooks.errors import StoreUnavailable
from events.webhooks.model import BY_HAND, Health
from storage.engine import transaction
from storage.event_store import SqlEventStore
from storage.webhook_queue import SqlDeliveryQueue
from storage.webhook_store import SqlWebhookStore
from storage.webhook_tables import webhook_deliveries
from storage.webhook_upkeep import SqlWebhookUpkeep
from tests.events.records import hit
from tests.events.webhooks.builders import NOW, WEBHOOK, webhook

DAY = timedelta(days=1)
OTHER = "ffffffffffff"
NAMES = ("active", "failing", "by hand", "given up")


class Scene:
    """Webhooks, and what waits for them."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.store = SqlWebhookStore(engine)
        self.queue = SqlDeliveryQueue(engine)
        self.upkeep = SqlWebhookUpkeep(engine)

    def happen(self, *seconds_ago: float) -> None:
        now = time.time_ns() // 1_000_000
        records = [hit(number, at=round(now - ago * 1000)) for number, ago in enumerate(seconds_ago)]
        SqlEventStore(self.engine).add(records)

    def batch(self, number: int) -> None:
        self.queue.take_due("me", limit=10, failing=0, seconds=60)
        waiting = list(self.queue.look(WEBHOOK.id, 1).noted)
        delivery = self.queue.batch("me", WEBHOOK.id, f"msg_{number}", waiting)
        assert delivery is not None
        self.queue.delivered(delivery, "answered 200")

    def ended_long_ago(self, delivery: str) -> None:
        own = webhook_deliveries.c
        with transaction(self.engine, writes=True, raising=RuntimeError) as connection:
            this = update(webhook_deliveries).where(own.id == delivery)
            assert connection.execute(this.values(ended_at=NOW)).rowcount == 1


@pytest.fixture
def scene(engine: Engine) -> Scene:
    return Scene(engine)


def test_how_webhooks_fare(scene: Scene) -> None:
    assert scene.upkeep.health() == Health()
    for number, name in enumerate(NAMES):
        scene.store.add(webhook(id=name, kinds=(), failures=number == 1))
    scene.store.pause("by hand", BY_HAND)
    scene.store.pause("given up", "answered 410")
    health = scene.upkeep.health()
    assert health == Health(active=1, failing=1, paused=1, given_up=1)
    assert health.webhooks == 4


def test_how_long_the_oldest_has_waited(scene: Scene) -> None:
    scene.store.add(WEBHOOK)
    scene.store.add(webhook(id=OTHER))
    scene.happen(500, 1_000)
    assert 995 < scene.upkeep.health().oldest_seconds < 1_100
    scene.store.pause(OTHER, BY_HAND)
    scene.batch(1)
    assert 495 < scene.upkeep.health().oldest_seconds < 600
    scene.batch(2)
    assert scene.upkeep.health().oldest_seconds == 0


def test_a_batch_under_way_has_waited_too(scene: Scene) -> None:
    scene.store.add(WEBHOOK)
    scene.happen(0)
    scene.batch(1)
    assert scene.store.replay(WEBHOOK.id, ["msg_1"], None) == 1
    assert 0 <= scene.upkeep.health().oldest_seconds < 60


def test_what_ended_long_ago_is_removed(scene: Scene) -> None:
    scene.store.add(WEBHOOK)
    scene.happen(3, 2, 1)
    scene.batch(1)
    scene.batch(2)
    scene.ended_long_ago("msg_1")
    scene.upkeep.prune(DAY)
    assert [each.id for each in scene.store.deliveries(WEBHOOK.id, None, 10)] == ["msg_2"]
    assert scene.store.waiting(WEBHOOK.id) == 1


def test_what_waits_is_removed_only_for_who_is_paused(scene: Scene) -> None:
    scene.store.add(WEBHOOK)
    scene.store.add(webhook(id=OTHER))
    scene.store.pause(OTHER, BY_HAND)
    scene.happen(2 * DAY.total_seconds(), 60)
    scene.upkeep.prune(DAY)
    assert (scene.store.waiting(WEBHOOK.id), scene.store.waiting(OTHER)) == (2, 1)


def test_secrets_are_sealed_again_unless_they_were_changed(scene: Scene) -> None:
    scene.store.add(WEBHOOK)
    scene.upkeep.seal_again(WEBHOOK, b"anew", None)
    changed = scene.store.find(WEBHOOK.id)
    assert changed is not None
    assert changed.secret == b"anew"
    scene.upkeep.seal_again(WEBHOOK, b"late", None)
    assert scene.store.find(WEBHOOK.id) == changed


def test_a_database_that_is_away_is_told(scene: Scene, engine: Engine) -> None:
    missing = SqlWebhookUpkeep(engine)
    with transaction(engine, writes=True, raising=RuntimeError) as connection:
        connection.exec_driver_sql("ALTER TABLE webhooks RENAME TO elsewhere")
    with pytest.raises(StoreUnavailable):
        missing.health()
    with transaction(engine, writes=True, raising=RuntimeError) as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO webhooks")
