import asyncio
from typing import Any

import pytest

from relay.upstream.connection import Connection
from relay.upstream.connection_pool import ConnectionPool, PoolLimits
from relay.upstream.port import Busy
from relay.upstream.smtp_server import SmtpServer
from tests.relay.harness import Clock, until
from tests.smtp_upstream import ScriptedUpstream


def test_what_was_idle_for_too_long_is_closed() -> None:
    async def scene() -> None:
        now = 0.0
        async with ScriptedUpstream() as server:
            pool = ConnectionPool(
                lambda: Connection.open(SmtpServer(host="127.0.0.1", port=server.port)),
                PoolLimits(size=3, idle=60.0, wait=1.0),
                monotonic=lambda: now,
            )
            first, second = await pool.acquire(), await pool.acquire()
            pool.release(first)
            now = 30.0
            pool.release(second)
            assert await pool.acquire() is second  # last in, first out
            pool.release(second)
            now = 61.0
            pool.close_stale()
            assert not first.usable
            assert await pool.acquire() is second
            now = 200.0
            pool.release(second)
            pool.close()
            assert not second.usable
            assert server.connections == 2

    asyncio.run(scene())


def test_a_quiet_pool_empties_by_itself() -> None:
    async def scene() -> None:
        async with ScriptedUpstream() as server:
            pool = ConnectionPool(
                lambda: Connection.open(SmtpServer(host="127.0.0.1", port=server.port)),
                PoolLimits(size=1, idle=0.01, wait=1.0),
                monotonic=asyncio.get_running_loop().time,
            )
            pool.release(await pool.acquire())
            await until(lambda: not server.open)
            assert server.commands[-1] == "QUIT"
            pool.close()

    asyncio.run(scene())


def test_what_comes_back_after_closing_is_closed() -> None:
    async def scene() -> None:
        async with ScriptedUpstream() as server:
            pool = ConnectionPool(
                lambda: Connection.open(SmtpServer(host="127.0.0.1", port=server.port)),
                PoolLimits(size=1, idle=60.0, wait=1.0),
                monotonic=lambda: 0.0,
            )
            connection = await pool.acquire()
            pool.close()
            assert connection.usable
            pool.release(connection)
            assert not connection.usable

    asyncio.run(scene())


def pool_of(server: ScriptedUpstream, clock: Clock, **limits: Any) -> ConnectionPool:
    async def connect() -> Connection:
        return await Connection.open(SmtpServer(host="127.0.0.1", port=server.port))

    return ConnectionPool(connect, PoolLimits(**limits), monotonic=clock)


@pytest.mark.parametrize(("age", "kept"), [(9.9, True), (10.0, False)])
def test_what_is_too_old_is_closed_even_where_it_is_used_all_the_time(age: float, kept: bool) -> None:
    async def scene() -> None:
        clock = Clock()
        async with ScriptedUpstream() as server:
            pool = pool_of(server, clock, lifetime=10.0)
            connection = await pool.acquire()
            clock.now = age
            pool.release(connection)
            assert connection.usable is kept
            pool.close()

    asyncio.run(scene())


@pytest.mark.parametrize(("limit", "kept"), [(2, False), (3, True), (0, True)])
def test_what_carried_enough_messages_is_closed(limit: int, kept: bool) -> None:
    async def scene() -> None:
        async with ScriptedUpstream() as server:
            pool = pool_of(server, Clock(), messages=limit)
            connection = await pool.acquire()
            connection.transactions = 2
            pool.release(connection)
            assert connection.usable is kept
            pool.close()

    asyncio.run(scene())


def test_who_waits_first_is_served_first() -> None:
    async def scene() -> None:
        served: list[int] = []

        async def use(number: int) -> None:
            connection = await pool.acquire()
            served.append(number)
            await asyncio.sleep(0)
            pool.release(connection)

        async with ScriptedUpstream() as server:
            pool = pool_of(server, Clock(), size=1)
            await asyncio.gather(*(use(number) for number in range(10)))
            pool.close()
        assert served == list(range(10))
        assert server.connections == 1

    asyncio.run(scene())


def test_waiting_ends_and_costs_no_place() -> None:
    async def scene() -> None:
        async with ScriptedUpstream() as server:
            pool = pool_of(server, Clock(), size=1, wait=0.01)
            first = await pool.acquire()
            with pytest.raises(Busy):
                await pool.acquire()
            pool.release(first)
            assert await pool.acquire() is first
            pool.release(first)
            pool.close()

    asyncio.run(scene())


def test_a_fresh_one_takes_the_place_of_the_oldest_idle_one() -> None:
    async def scene() -> None:
        async with ScriptedUpstream() as server:
            pool = pool_of(server, Clock(), size=2)
            old, young = await pool.acquire(), await pool.acquire()
            pool.release(old)
            pool.release(young)
            fresh = await pool.acquire(fresh=True)
            assert fresh not in (old, young)
            assert (old.usable, young.usable) == (False, True)
            pool.release(fresh)
            pool.close()

    asyncio.run(scene())
