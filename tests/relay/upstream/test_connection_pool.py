import asyncio

from relay.upstream.connection import Connection
from relay.upstream.connection_pool import ConnectionPool, PoolLimits
from relay.upstream.smtp_server import SmtpServer
from tests.relay.harness import until
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
