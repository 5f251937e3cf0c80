"""Certificates that a client waits for."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from certificates.errors import StoreUnavailable
from certificates.issuing import Outcome, Result
from service.certificates.orders import OrdersOnDemand
from service.live.certificates import LiveCertificates
from tests.certificates.builders import ACTIVE, HOST, MINUTE, NOW, OTHER, RECORD
from tests.certificates.memory_store import MemoryStore

ISSUED = Outcome(result=Result.ISSUED, record=replace(ACTIVE, version=1))


class Waiting:
    """Orders whose outcomes the test gives."""

    def __init__(self) -> None:
        self.outcome: Outcome | Exception = ISSUED
        self.orders: list[str] = []
        self.seconds = 0.0
        self.now = NOW
        self.live = LiveCertificates(MemoryStore())
        self.on_demand = OrdersOnDemand(
            may_ask={HOST, OTHER}.__contains__,
            order=self._order,
            live=self.live,
            clock=lambda: self.now,
            monotonic=lambda: self.seconds,
            in_thread=self._at_once,
        )

    def wait(self, *hosts: str) -> None:
        async def all_at_once() -> None:
            await asyncio.gather(*map(self.on_demand.wait_for, hosts))

        asyncio.run(all_at_once())

    def _order(self, host: str) -> Outcome:
        self.orders.append(host)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    async def _at_once(self, work: Callable[[], Outcome]) -> Outcome:
        await asyncio.sleep(0)
        return work()


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


def test_all_who_wait_share_one_order(waiting: Waiting) -> None:
    waiting.wait(*[HOST] * 8, OTHER)
    assert sorted(waiting.orders) == [OTHER, HOST]


def test_a_name_that_is_not_ours_does_nothing(waiting: Waiting) -> None:
    waiting.wait("never.example.com", "")
    assert waiting.orders == []


@pytest.mark.parametrize("result", [Result.FAILED, Result.NOT_ALLOWED, Result.POSTPONED])
def test_what_was_refused_is_not_asked_for_again_for_a_while(waiting: Waiting, result: Result) -> None:
    waiting.outcome = Outcome(result=result, record=RECORD)
    waiting.wait(HOST)
    waiting.seconds = 29
    waiting.wait(HOST)
    assert waiting.orders == [HOST]
    waiting.seconds = 31
    waiting.wait(HOST)
    assert waiting.orders == [HOST, HOST]


def test_a_database_that_is_away_is_asked_again_soon(
    waiting: Waiting, caplog: pytest.LogCaptureFixture
) -> None:
    waiting.outcome = StoreUnavailable("the database is away;")
    waiting.wait(HOST)
    waiting.wait(HOST)
    assert waiting.orders == [HOST]
    assert "None can be ordered meanwhile" in caplog.text
    waiting.seconds, waiting.outcome = 4, ISSUED
    waiting.wait(HOST)
    assert waiting.orders == [HOST, HOST]


def test_a_fault_of_ours_is_logged_and_ends_the_wait(
    waiting: Waiting, caplog: pytest.LogCaptureFixture
) -> None:
    waiting.outcome = ZeroDivisionError()
    waiting.wait(HOST)
    assert f"no certificate for {HOST}" in caplog.text


def test_an_order_of_another_process_is_waited_for(waiting: Waiting) -> None:
    leased = replace(RECORD, version=1, leased_until=NOW + MINUTE)
    waiting.outcome = Outcome(result=Result.UNDER_WAY, record=leased, until=leased.leased_until)

    async def scene() -> bool:
        task = asyncio.create_task(waiting.on_demand.wait_for(HOST))
        for _ in range(5):
            await asyncio.sleep(0)
        early = task.done()
        waiting.live.learn(replace(ACTIVE, version=2))
        await task
        return early

    assert not asyncio.run(scene())


def test_an_order_of_another_process_that_died_is_waited_for_until_its_lease_ends(waiting: Waiting) -> None:
    leased = replace(RECORD, version=1, leased_until=NOW + MINUTE)
    waiting.outcome = Outcome(result=Result.UNDER_WAY, record=leased, until=leased.leased_until)
    waiting.now = NOW + MINUTE + timedelta(seconds=1)
    waiting.wait(HOST)


def test_who_gives_up_does_not_end_the_order_for_others(waiting: Waiting) -> None:
    async def scene() -> None:
        impatient = asyncio.create_task(waiting.on_demand.wait_for(HOST))
        patient = asyncio.create_task(waiting.on_demand.wait_for(HOST))
        await asyncio.sleep(0)
        impatient.cancel()
        await patient

    asyncio.run(scene())
    assert waiting.orders == [HOST]
