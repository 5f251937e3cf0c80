import queue
import threading

import pytest

from service.web import orders
from service.web.orders import OrderQueue


def test_orders_are_made_one_after_the_other_whatever_becomes_of_one() -> None:
    made: queue.Queue[int] = queue.Queue()
    waiting = OrderQueue()

    def fail() -> None:
        raise ValueError("as a test wants it")

    for order in (lambda: made.put(1), fail, lambda: made.put(2)):
        assert waiting.put(order)
    assert [made.get(timeout=10), made.get(timeout=10)] == [1, 2]


def test_no_more_wait_than_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "MOST_WAITING", 1)
    begun, end = threading.Event(), threading.Event()
    waiting = OrderQueue()

    def long() -> None:
        begun.set()
        end.wait(10)

    assert waiting.put(long)
    assert begun.wait(10)
    assert waiting.put(lambda: None)
    assert not waiting.put(lambda: None)
    end.set()
