"""Certificates that clients of a worker wait for, and its parent orders."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from service.certificates.requests import OrdersOfParent
from service.live.certificates import LiveCertificates
from tests.certificates.builders import ACTIVE, HOST, OTHER
from tests.certificates.memory_store import MemoryStore
from tests.certificates.store_contract import put


class Worker:
    """Asks nobody; the test answers."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.store = MemoryStore()
        self.live = LiveCertificates(self.store)
        self.orders = OrdersOfParent(
            may_ask={HOST, OTHER}.__contains__, ask=self.asked.append, live=self.live
        )

    async def wait(self, *hosts: str) -> list[asyncio.Task[None]]:
        tasks = [asyncio.create_task(self.orders.wait_for(host)) for host in hosts]
        await asyncio.sleep(0)
        return tasks


@pytest.fixture
def worker() -> Worker:
    return Worker()


def play(scene: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def within_seconds() -> None:
        async with asyncio.timeout(20):
            await scene()

    asyncio.run(within_seconds())


def test_all_who_wait_for_a_host_share_one_question(worker: Worker) -> None:
    async def scene() -> None:
        waiting = await worker.wait(HOST, HOST, OTHER, HOST)
        assert worker.asked == [HOST, OTHER]
        worker.orders.answered(HOST, 0)
        await asyncio.gather(*(waiting[number] for number in (0, 1, 3)))
        assert not waiting[2].done()
        worker.orders.answered(OTHER, 0)
        await waiting[2]

    play(scene)


def test_what_the_parent_knows_is_read_before_anybody_goes_on(worker: Worker) -> None:
    async def scene() -> None:
        [waiting] = await worker.wait(HOST)
        written = put(worker.store, ACTIVE)
        worker.orders.answered(HOST, written.version)
        await waiting
        assert worker.live.find(HOST) == written

    play(scene)


def test_nothing_is_read_where_the_parent_knows_no_more(worker: Worker) -> None:
    async def scene() -> None:
        [waiting] = await worker.wait(HOST)
        put(worker.store, ACTIVE)
        worker.orders.answered(HOST, 0)
        await waiting
        assert worker.live.find(HOST) is None

    play(scene)


def test_for_names_that_are_not_ours_nobody_is_asked(worker: Worker) -> None:
    async def scene() -> None:
        await worker.orders.wait_for("stranger.example")
        assert worker.asked == []

    play(scene)


def test_one_who_gives_up_ends_it_for_nobody_else_and_is_asked_for_again_later(worker: Worker) -> None:
    async def scene() -> None:
        first, second = await worker.wait(HOST, HOST)
        first.cancel()
        await asyncio.sleep(0)
        worker.orders.answered(HOST, 0)
        await second
        await worker.wait(HOST)
        assert worker.asked == [HOST, HOST]
        worker.orders.answered(HOST, 0)
        worker.orders.answered(HOST, 0)  # once more than asked

    play(scene)


def test_an_answer_is_given_though_the_database_is_away(worker: Worker) -> None:
    async def scene() -> None:
        [waiting] = await worker.wait(HOST)
        worker.store.available = False
        worker.orders.answered(HOST, 7)
        await waiting

    play(scene)
