import logging
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, cast

import pytest

from events.webhooks.delivering import Courier
from events.webhooks.errors import StoreUnavailable
from events.webhooks.model import Webhook
from events.webhooks.ports import DeliveryQueue
from service.webhooks import background
from service.webhooks.background import WebhookDeliveries
from tests.events.webhooks.builders import webhook

PATIENCE = 20.0


class Queue:
    """Webhooks that are due once, by whether they fail. `away` counts the calls that find no database."""

    def __init__(self, well: int = 0, failing: int = 0, *, away: int = 0) -> None:
        self.due = {
            False: [webhook(id=f"w{number}") for number in range(well)],
            True: [webhook(id=f"f{number}", failures=1) for number in range(failing)],
        }
        self.away = away
        self.released: list[str | None] = []

    def take_due(self, owner: str, *, limit: int, failing: int, seconds: float) -> list[Webhook]:
        if self.away:
            self.away -= 1
            raise StoreUnavailable("The database is away.")
        taken: list[Webhook] = []
        for kind, most in ((True, failing), (False, limit)):
            count = min(most, limit - len(taken))
            taken += self.due[kind][:count]
            del self.due[kind][:count]
        return taken

    def release(self, owner: str, webhook: str | None = None) -> None:
        self.released.append(webhook)


class Scene:
    """Serves until `expected` webhooks were served."""

    def __init__(
        self,
        queue: Queue,
        expected: int,
        serve: Callable[[Webhook], None] = lambda _: None,
        concurrency: int = 4,
    ) -> None:
        self.queue = queue
        self.served: list[str] = []
        self.tidied = 0
        self.most: Counter[bool] = Counter()
        self._under_way: Counter[bool] = Counter()
        self._expected = expected
        self._serve_one = serve
        self._counting = threading.Lock()
        self.stopping = threading.Event()
        self.deliveries = WebhookDeliveries(
            queue=cast(DeliveryQueue, queue),
            courier=cast(Courier, self),
            tidy=self._tidy,
            owner="me",
            concurrency=concurrency,
            stopping=self.stopping,
        )

    def serve(self, webhook: Webhook) -> bool:
        failing = webhook.failures > 0
        with self._counting:
            self._under_way[failing] += 1
            self.most |= self._under_way
        try:
            self._serve_one(webhook)
        finally:
            with self._counting:
                self._under_way[failing] -= 1
                self.served.append(webhook.id)
                if len(self.served) == self._expected:
                    self.stopping.set()
        return webhook.id != "w8"

    def run(self) -> None:
        thread = threading.Thread(target=self.deliveries.run)
        thread.start()
        thread.join(PATIENCE)
        assert not thread.is_alive()

    def _tidy(self) -> None:
        self.tidied += 1


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "POLL_SECONDS", 0.01)


def test_each_is_served_and_given_back() -> None:
    scene = Scene(Queue(well=9, failing=3), expected=12)
    scene.run()
    names = [*(f"w{number}" for number in range(9)), *(f"f{number}" for number in range(3))]
    assert sorted(scene.served) == sorted(names)
    assert sorted(cast(Any, scene.queue.released)) == sorted({*names} - {"w8"})  # whose lease was given back
    assert scene.tidied == 1
    scene.deliveries.release()
    assert scene.queue.released[-1] is None


def test_those_that_fail_leave_half_of_the_threads_to_the_others() -> None:
    well_served = threading.Event()

    def serve(webhook: Webhook) -> None:
        if webhook.failures:
            assert well_served.wait(PATIENCE)
        elif webhook.id == "w0":
            well_served.set()

    queue = Queue(failing=6)
    scene = Scene(queue, expected=7, serve=serve)
    threading.Timer(0.1, lambda: queue.due[False].append(webhook(id="w0"))).start()
    scene.run()
    assert scene.most[True] == 2


def test_a_single_thread_is_for_both() -> None:
    scene = Scene(Queue(well=2, failing=2), expected=4, concurrency=1)
    scene.run()
    assert sum(scene.most.values()) == 2
    assert sorted(scene.served) == ["f0", "f1", "w0", "w1"]


def test_a_fault_of_ours_holds_up_no_other_and_rests(caplog: pytest.LogCaptureFixture) -> None:
    def serve(webhook: Webhook) -> None:
        if webhook.id == "w0":
            raise KeyError("a fault")

    scene = Scene(Queue(well=3), expected=3, serve=serve)
    scene.run()
    assert sorted(cast(Any, scene.queue.released)) == ["w1", "w2"]
    assert "webhook w0 cannot be served" in caplog.messages


def test_a_database_that_comes_back_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    Scene(Queue(well=1, away=3), expected=1).run()
    assert caplog.messages == [
        "webhooks: The database is away. Nothing is sent meanwhile",
        "webhooks: works again",
    ]
