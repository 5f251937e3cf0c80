import asyncio
import socket

from events.model import Verdict
from relay.listener import Listener
from tests.relay.harness import MESSAGE, RunningRelay, smtp_upstream, until
from tests.smtp_upstream import ScriptedUpstream


def test_it_listens_on_every_socket() -> None:
    async def scene() -> None:
        async with ScriptedUpstream() as upstream:
            running = RunningRelay(smtp_upstream(upstream.port))
            first, second = socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))
            ports = [first.getsockname()[1], second.getsockname()[1]]
            running.acceptor.start([(first, Listener()), (second, Listener())])
            for running.port in ports:
                client = await running.connect()
                assert await client.say("QUIT") == "221 2.0.0 Bye"
                client.close()
            await running.stop(grace=0)

    asyncio.run(scene())


def test_stopping_sends_idle_clients_away_and_accepts_no_more() -> None:
    async def scene() -> None:
        async with ScriptedUpstream() as upstream, RunningRelay(smtp_upstream(upstream.port)) as relay:
            idle, busy = await relay.ready(), await relay.ready()
            await busy.envelope("b@there.example")
            await relay.stop(grace=5)
            for client in (idle, busy):
                assert (await client.reply()).startswith("421 4.3.2")
                assert await client.at_end()
            try:
                await relay.connect()
            except ConnectionError:
                return
            raise AssertionError("a client was accepted")

    asyncio.run(scene())


def test_stopping_lets_a_message_through_and_then_says_goodbye() -> None:
    async def scene() -> None:
        async with ScriptedUpstream() as upstream, RunningRelay(smtp_upstream(upstream.port)) as relay:
            go_on = upstream.hold_end()
            client = await relay.ready()
            await client.envelope("b@there.example")
            await client.say("DATA")
            client.send(MESSAGE + b".\r\n")
            await upstream.paused_before_end.wait()
            stopping = asyncio.create_task(relay.stop(grace=5))
            await asyncio.sleep(0)
            go_on.set()
            assert (await client.reply()).startswith("250 2.0.0 taken")
            assert (await client.reply()).startswith("421 4.3.2")
            await stopping
            assert [outcome.verdict for outcome in relay.outcomes] == [Verdict.RELAYED]

    asyncio.run(scene())


def test_stopping_takes_the_rest_of_a_message_that_is_coming_in() -> None:
    async def scene() -> None:
        async with ScriptedUpstream() as upstream, RunningRelay(smtp_upstream(upstream.port)) as relay:
            client = await relay.ready()
            await client.envelope("b@there.example")
            await client.say("DATA")
            client.send(MESSAGE)
            stopping = asyncio.create_task(relay.stop(grace=5))
            await asyncio.sleep(0)
            assert (await client.say(b".\r\n")).startswith("250")
            await stopping

    asyncio.run(scene())


def test_stopping_awaits_a_delivery_whose_client_is_gone() -> None:
    async def scene() -> None:
        async with ScriptedUpstream() as upstream, RunningRelay(smtp_upstream(upstream.port)) as relay:
            go_on = upstream.hold_end()
            client = await relay.ready()
            await client.envelope("b@there.example")
            await client.say("DATA")
            client.send(MESSAGE + b".\r\n")
            await upstream.paused_before_end.wait()
            client.reset()
            await until(lambda: not relay.relay.connected)
            stopping = asyncio.create_task(relay.stop(grace=5))
            await asyncio.sleep(0)
            go_on.set()
            await stopping
            assert [outcome.verdict for outcome in relay.outcomes] == [Verdict.RELAYED]

    asyncio.run(scene())


def test_after_the_grace_what_is_left_is_cut() -> None:
    async def scene() -> None:
        async with ScriptedUpstream() as upstream, RunningRelay(smtp_upstream(upstream.port)) as relay:
            client = await relay.ready()
            await client.envelope("b@there.example")
            await client.say("DATA")
            client.send(b"half")
            await relay.stop(grace=0)
            assert (await client.reply()).startswith("421 4.3.2")
            assert upstream.taken == []

    asyncio.run(scene())


def test_stopping_closes_the_pool() -> None:
    async def scene() -> None:
        async with ScriptedUpstream() as upstream, RunningRelay(smtp_upstream(upstream.port)) as relay:
            client = await relay.ready()
            await client.deliver()
            assert upstream.open == 1
            await relay.stop(grace=5)
            await until(lambda: not upstream.open)
            assert upstream.commands[-1] == "QUIT"

    asyncio.run(scene())
