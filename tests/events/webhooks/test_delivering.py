from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from events.webhooks import back_off, signing
from events.webhooks.body import MOST_EVENTS, Facts
from events.webhooks.delivering import TURN_SECONDS, Courier
from events.webhooks.errors import SecretUnreadable
from events.webhooks.model import Answer, Delivery, Noted, Webhook
from events.webhooks.ports import Unanswered, Waiting
from tests.events.webhooks.builders import NOW, SECRET, event, noted, webhook

FORMER = b"f" * 32
OK = Answer(status=204, detail="answered 204")
BAD = Answer(status=500, detail="answered 500")
HOUR = timedelta(hours=1)


class Queue:
    """What waits for one webhook, in memory; `log` says what was stored."""

    def __init__(self, *waiting: Noted, due: Sequence[Delivery] = (), gone: bool = False) -> None:
        self.waiting = list(waiting)
        self.batches = list(due)
        self.gone = gone
        self.lost = False
        self.log: list[tuple[Any, ...]] = []

    def look(self, webhook: str, limit: int) -> Waiting:
        due, noted = self.batches.pop(0) if self.batches else None, self.waiting[:limit]
        events = {} if self.gone else {each.event: event(each.at) for each in (due.events if due else noted)}
        return Waiting(due=due, noted=noted, facts=Facts(events=events, projects={}))

    def batch(self, owner: str, webhook: str, delivery: str, taken: Sequence[Noted]) -> Delivery | None:
        if self.lost:
            return None
        self.waiting = self.waiting[len(taken) :]
        self.log.append(("batch", delivery, len(taken)))
        return made(id=delivery, events=tuple(taken))

    def delivered(self, delivery: Delivery, detail: str) -> bool:
        self.log.append(("delivered", delivery.id, detail))
        return bool(self.waiting or self.batches)

    def failed(self, delivery: Delivery, detail: str, *, next_in: float | None, rest: float) -> None:
        self.log.append(("failed", delivery.id, detail, next_in, rest))

    def give_up(self, webhook: str, why: str) -> None:
        self.log.append(("give up", webhook, why))

    def drop(self, delivery: Delivery) -> None:
        self.log.append(("drop", delivery.id))

    def take_due(self, owner: str, *, limit: int, failing: int, seconds: float) -> list[Webhook]:
        raise AssertionError("who serves has the lease")

    def release(self, owner: str, webhook: str | None = None) -> None:
        raise AssertionError("who serves keeps the lease")


class Seal:
    """Knows two secrets."""

    def seal(self, owner: str, key: bytes) -> bytes:
        raise AssertionError("nothing is sealed here")

    def open(self, owner: str, sealed: bytes) -> bytes:
        if sealed == b"of a key that is gone":
            raise SecretUnreadable("the key is gone")
        return {b"sealed": SECRET, b"former": FORMER}[sealed]


class Scene:
    """A courier, and an endpoint that answers one thing after the other."""

    def __init__(self, queue: Queue, *answers: Answer | Unanswered) -> None:
        self.queue = queue
        self.answers = list(answers)
        self.now = NOW
        self.passed = 0.0
        self.stopping = self.leased = False
        self.sent: list[tuple[str, Mapping[str, str], bytes]] = []
        self.counted: list[tuple[bool, int]] = []
        self.courier = Courier(
            queue=queue,
            post=self._post,
            seal=Seal(),
            owner="me",
            clock=lambda: self.now,
            monotonic=lambda: self.passed,
            random=lambda: 0.5,
            random_bytes=lambda count: bytes(count),
            stopping=lambda: self.stopping,
            counted=lambda delivered, events: self.counted.append((delivered, events)),
        )

    def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.sent.append((url, headers, body))
        self.passed += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Unanswered):
            raise answer
        return answer

    def serve(self, **fields: Any) -> list[tuple[Any, ...]]:
        self.leased = self.courier.serve(webhook(**fields))
        return self.queue.log


def made(**fields: Any) -> Delivery:
    given: dict[str, Any] = {
        "id": "msg_due",
        "webhook": webhook().id,
        "created_at": NOW,
        "begun_at": NOW,
        "events": (noted(1),),
    }
    return Delivery(**given | fields)


def test_what_waits_is_sent_in_batches_until_nothing_is_left() -> None:
    scene = Scene(Queue(*(noted(number) for number in range(1, 2 * MOST_EVENTS))), OK)
    log = scene.serve()
    assert [entry[0] for entry in log] == ["batch", "delivered"] * 2
    assert scene.counted == [(True, MOST_EVENTS), (True, MOST_EVENTS - 1)]
    assert scene.queue.waiting == []
    assert not scene.leased  # it was given back with the last batch


def test_a_batch_is_signed_for_the_attempt() -> None:
    scene = Scene(Queue(noted(1)), OK)
    scene.serve()
    [(url, headers, body)] = scene.sent
    assert url == webhook().url
    number = f"msg_{'00' * 12}"
    assert headers == signing.signed_headers([SECRET], number, int(NOW.timestamp()), body)


@pytest.mark.parametrize(("until", "signatures"), [(NOW + HOUR, 2), (NOW, 1)])
def test_the_former_secret_signs_for_a_while(until: Any, signatures: int) -> None:
    scene = Scene(Queue(noted(1)), OK)
    scene.serve(former_secret=b"former", former_until=until)
    [(_, headers, body)] = scene.sent
    each = [SECRET, FORMER][:signatures]
    assert headers == signing.signed_headers(each, headers["webhook-id"], int(NOW.timestamp()), body)


def test_a_batch_whose_time_has_come_goes_first_as_it_was() -> None:
    due = made(created_at=NOW - HOUR, attempts=2)
    scene = Scene(Queue(noted(2), due=[due]), OK)
    log = scene.serve()
    assert log[0][:2] == ("delivered", "msg_due")
    assert b'"timestamp":"2026-03-01T11:00:00Z"' in scene.sent[0][2]
    assert len(scene.sent) == 2


@pytest.mark.parametrize("fault", [BAD, Unanswered("did not answer in time")])
def test_after_a_failure_the_endpoint_is_left_alone(fault: Answer | Unanswered) -> None:
    scene = Scene(Queue(noted(1), due=[made(attempts=2)]), fault)
    detail = fault.detail if isinstance(fault, Answer) else str(fault)
    assert scene.serve() == [("failed", "msg_due", detail, 120.0, 5.0)]
    assert scene.counted == [(False, 1)]
    assert len(scene.queue.waiting) == 1


def test_the_rest_grows_with_failures_in_a_row() -> None:
    scene = Scene(Queue(noted(1)), BAD)
    [_, failed] = scene.serve(failures=2, failing_since=NOW)
    assert failed[3:] == (5.0, 120.0)


def test_a_wish_is_heeded() -> None:
    scene = Scene(Queue(noted(1)), replace(BAD, status=429, retry_after=60.0))
    assert scene.serve()[-1][3:] == (60.0, 60.0)


def test_after_a_day_a_batch_is_given_up_and_the_endpoint_is_not(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene(Queue(due=[made(begun_at=NOW - back_off.PATIENCE)]), BAD)
    assert scene.serve(failures=1, failing_since=NOW - HOUR) == [
        ("failed", "msg_due", "answered 500", None, 30.0)
    ]
    [told] = caplog.messages
    assert "gave up delivery msg_due: answered 500" in told
    assert "hunter2" not in told


def test_after_a_day_of_failures_the_endpoint_is_paused(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene(Queue(due=[made()]), BAD)
    log = scene.serve(failures=9, failing_since=NOW - back_off.PATIENCE)
    assert log[-1] == ("give up", webhook().id, "answered 500")
    assert f"webhook {webhook().id} to https://hooks.example.com/in?… is paused" in caplog.messages[-1]


def test_what_it_failed_before_it_worked_counts_no_more() -> None:
    """A batch that it never takes is no reason to pause an endpoint that takes the others."""
    scene = Scene(Queue(noted(2), due=[made()]), OK, BAD)
    log = scene.serve(failures=99, failing_since=NOW - 2 * back_off.PATIENCE)
    assert [entry[0] for entry in log] == ["delivered", "batch", "failed"]
    assert log[-1][-1] == 5.0


def test_a_day_in_which_nobody_sent_is_no_day_of_failures() -> None:
    scene = Scene(Queue(due=[made()]), BAD)
    log = scene.serve(failures=1, failing_since=NOW - 2 * back_off.PATIENCE)
    assert [entry[0] for entry in log] == ["failed"]


def test_who_is_gone_is_paused_at_once() -> None:
    scene = Scene(Queue(noted(1)), Answer(status=410, detail="answered 410"))
    assert [entry[0] for entry in scene.serve()] == ["batch", "failed", "give up"]


@pytest.mark.parametrize("status", [301, 307, 400, 404, 408, 429, 500, 503])
def test_all_but_2xx_has_failed(status: int) -> None:
    scene = Scene(Queue(noted(1)), Answer(status=status, detail="no"))
    assert [entry[0] for entry in scene.serve()] == ["batch", "failed"]


def test_a_fault_is_told_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    Scene(Queue(noted(1)), BAD).serve()
    Scene(Queue(noted(1)), BAD).serve(failures=1, failing_since=NOW)
    Scene(Queue(noted(1)), OK).serve(failures=2, failing_since=NOW)
    Scene(Queue(noted(1)), OK).serve()
    name = f"webhook {webhook().id} to https://hooks.example.com/in?…"
    assert caplog.messages == [f"{name} fails: answered 500", f"{name} works again"]


def test_a_batch_of_which_nothing_is_left_is_forgotten() -> None:
    scene = Scene(Queue(noted(1), gone=True), OK)
    assert [entry[0] for entry in scene.serve()] == ["batch", "drop"]
    assert scene.sent == []


def test_who_lost_the_lease_sends_nothing() -> None:
    queue = Queue(noted(1))
    queue.lost = True
    scene = Scene(queue, OK)
    assert (scene.serve(), scene.sent) == ([], [])


def test_a_turn_ends() -> None:
    scene = Scene(Queue(*(noted(number) for number in range(1, 20 * MOST_EVENTS))), OK)
    scene.serve()
    assert len(scene.sent) == TURN_SECONDS
    assert scene.leased


def test_a_stop_ends_it_after_the_attempt() -> None:
    scene = Scene(Queue(noted(1)), OK)
    scene.stopping = True
    assert scene.serve() == []


def test_without_its_key_a_secret_signs_nothing_and_the_remedy_is_told() -> None:
    scene = Scene(Queue(noted(1)), OK)
    [_, failed] = scene.serve(secret=b"of a key that is gone")
    assert "rotate the secret" in failed[2]
    assert scene.sent == []
