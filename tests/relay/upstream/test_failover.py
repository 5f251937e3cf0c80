"""Several servers: which one gets the message, how one that failed is left alone, and how it comes back."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from relay.envelope import Recipient, Sender
from relay.upstream.health import Health
from relay.upstream.port import Capabilities, ConnectionLost, Unreachable, UpstreamError
from relay.upstream.smtp_upstream import SmtpUpstream
from tests.relay.harness import Clock, RunningRelay, smtp_upstream, until
from tests.smtp_upstream import DROP, EXTENSIONS, SILENCE, ScriptedUpstream

A = Sender(mailbox="a@b.example")
B = Recipient(mailbox="c@d.example")


class Scene:
    """Two servers, an upstream that has both, and its clock."""

    def __init__(self, first: ScriptedUpstream, second: ScriptedUpstream, **options: Any) -> None:
        self.first, self.second = first, second
        self.clock = Clock()
        self.upstream: SmtpUpstream = smtp_upstream(
            first.port, second.port, monotonic=self.clock, **{"pipelining": True, **options}
        )

    async def deliver(self, sender: Sender = A) -> str:
        """Deliver a message; return the server that took it."""
        reply, transaction = await self.upstream.open(sender)
        assert transaction is not None, reply
        try:
            reply = await transaction.recipient(B)
            assert reply.accepted, reply
            assert (await transaction.message(b"x\r\n", name="1")).accepted
        except UpstreamError:
            transaction.abort()
            raise
        return "first" if transaction.server.endswith(str(self.first.port)) else "second"


def run(
    play: Callable[[Scene], Awaitable[None]],
    first: tuple[str, ...] = EXTENSIONS,
    second: tuple[str, ...] = EXTENSIONS,
    **options: Any,
) -> None:
    async def scene() -> None:
        async with ScriptedUpstream(extensions=first) as one, ScriptedUpstream(extensions=second) as two:
            scene = Scene(one, two, **options)
            await play(scene)
            await scene.upstream.close()

    asyncio.run(scene())


def test_the_first_gets_all_while_it_works() -> None:
    async def play(scene: Scene) -> None:
        assert [await scene.deliver() for _ in range(3)] == ["first"] * 3
        assert scene.second.connections == 0

    run(play)


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize(
    ("phase", "how"),
    [
        ("connect", DROP),
        ("connect", "421 4.3.2 busy"),
        ("connect", "554 5.7.1 go away"),
        ("EHLO", "421 4.3.2 busy"),
        ("EHLO", "451 4.3.0 later"),
        ("MAIL", "421 4.3.2 leaving"),
        ("MAIL", DROP),
    ],
)
def test_the_second_takes_over_before_anything_was_promised(phase: str, how: Any, pipelining: bool) -> None:
    async def play(scene: Scene) -> None:
        twice = pipelining and phase == "MAIL" and how is DROP  # the connection had waited for the client
        scene.first.answer(phase, *[how] * (2 if twice else 1))
        assert await scene.deliver() == "second"
        assert [health.up for health in scene.upstream.health] == [False, True]
        scene.clock.now = 0.9
        assert await scene.deliver() == "second"  # the first one rests
        assert scene.first.connections == (2 if twice else 1)
        scene.clock.now = 1.1
        assert await scene.deliver() == "first"
        assert [health.up for health in scene.upstream.health] == [True, True]

    run(play, pipelining=pipelining)


@pytest.mark.parametrize("phase", ["MAIL", "RCPT"])
@pytest.mark.parametrize("answer", ["450 4.7.1 not now", "550 5.7.1 not you"])
def test_a_refusal_is_the_first_servers_word(phase: str, answer: str) -> None:
    async def play(scene: Scene) -> None:
        scene.first.answer(phase, answer)
        _, transaction = await scene.upstream.open(A)
        assert transaction is not None
        assert (await transaction.recipient(B)).line() == answer
        await transaction.abandon()
        assert scene.second.connections == 0
        assert scene.upstream.health[0].up

    run(play)


def test_a_server_silent_at_mail_is_451_for_this_client_and_left_alone_for_the_next() -> None:
    async def play(scene: Scene) -> None:
        scene.first.answer("MAIL", SILENCE, SILENCE)
        with pytest.raises(ConnectionLost):
            await scene.deliver()
        assert scene.second.connections == 0
        assert await scene.deliver() == "second"

    run(play, reply_timeout=0.05)


def test_a_login_that_is_refused_is_a_reason_for_the_next_server() -> None:
    async def play(scene: Scene) -> None:
        scene.first.answer("AUTH", "535 5.7.8 wrong")
        assert await scene.deliver() == "second"
        assert "hunter2" not in str(scene.upstream.health)

    extensions = (*EXTENSIONS, "AUTH PLAIN")
    run(play, first=extensions, second=extensions, username="me", password="hunter2")


def test_the_envelope_is_said_again_to_the_second_where_the_first_is_gone() -> None:
    async def play(scene: Scene) -> None:
        _, transaction = await scene.upstream.open(A)
        assert transaction is not None
        await transaction.recipient(B)
        await scene.first.stop()
        assert (await transaction.message(b"x\r\n", name="1")).accepted
        assert transaction.replayed
        assert transaction.server.endswith(str(scene.second.port))
        assert len(scene.second.taken) == 1

    run(play)


def test_all_away_is_one_attempt_at_a_time_and_one_a_second() -> None:
    async def play(scene: Scene) -> None:
        await scene.second.stop()
        scene.first.answer("connect", *["421 4.3.2 busy"] * 50)
        attempts = []
        for now in (0, 0.1, 0.99, 1.2, 1.3):
            scene.clock.now = now
            tried = [scene.upstream.open(A) for _ in range(20)]
            results = await asyncio.gather(*tried, return_exceptions=True)
            assert all(isinstance(result, Unreachable) for result in results)
            attempts.append(scene.first.connections)
        first = attempts[0]  # all come at once, before anybody knows
        assert attempts == [first, first + 1, first + 1, first + 2, first + 2]

    run(play, pool_size=50)


def test_who_comes_while_a_server_is_probed_shares_the_good_end() -> None:
    async def play(scene: Scene) -> None:
        scene.first.answer("connect", "421 4.3.2 busy")
        await scene.second.stop()
        with pytest.raises(Unreachable):
            await scene.upstream.open(A)
        scene.clock.now = 30
        assert await asyncio.gather(*(scene.deliver() for _ in range(4))) == ["first"] * 4

    run(play)


def test_a_server_at_its_limit_of_connections_still_gets_mail_on_those_it_has() -> None:
    async def play(scene: Scene) -> None:
        _, held = await scene.upstream.open(A)
        scene.first.answer("connect", "421 4.7.0 too many connections")
        assert await scene.deliver() == "second"
        assert held is not None
        await held.abandon()
        assert await scene.deliver() == "first"
        assert scene.upstream.health[0].up

    run(play)


def test_failure_and_recovery_are_a_line_each_and_told_to_whoever_watches(
    caplog: pytest.LogCaptureFixture,
) -> None:
    watched: list[tuple[bool, str]] = []

    async def play(scene: Scene) -> None:
        scene.upstream = SmtpUpstream(
            [hop._server for hop in scene.upstream._hops],
            scene.upstream._hops[0]._pool._limits,
            monotonic=scene.clock,
            jitter=lambda: 0.0,
            watch=lambda health: watched.append((health.up, health.error)),
        )
        scene.first.answer("connect", *["421 4.3.2 busy"] * 3)
        for now in (0, 0.5, 1.5, 4, 30, 31):
            scene.clock.now = now
            await scene.deliver()

    caplog.set_level(logging.INFO, "waypost.relay")
    run(play)
    lines = [record.getMessage() for record in caplog.records if record.name == "waypost.relay"]
    assert len(lines) == 2
    assert lines[0].endswith("cannot be used: the server does not want us: 421 4.3.2 busy")
    assert lines[1].endswith("can be used again, after 30 s")
    said = "the server does not want us: 421 4.3.2 busy"
    assert watched == [(True, ""), (True, ""), (False, said), (True, said)]


def test_only_what_all_can_do_is_offered() -> None:
    async def play(scene: Scene) -> None:
        assert await scene.upstream.capabilities() == Capabilities(
            size=1000, eight_bit=True, pipelining=True, enhanced_codes=False
        )

    run(
        play,
        first=("SIZE 5000", "8BITMIME", "DSN", "PIPELINING"),
        second=("SIZE 1000", "8BITMIME", "PIPELINING"),
    )


@pytest.mark.parametrize(
    ("sizes", "smallest"),
    [(("SIZE 0", "SIZE 9"), 9), (("SIZE 0", "SIZE"), 0), (("X", "SIZE 9"), 9), (("X", "Y"), None)],
)
def test_the_smallest_size_limit_counts(sizes: tuple[str, str], smallest: int | None) -> None:
    async def play(scene: Scene) -> None:
        capabilities = await scene.upstream.capabilities()
        assert capabilities is not None
        assert capabilities.size == smallest

    run(play, first=(sizes[0],), second=(sizes[1],))


def test_one_that_is_away_hides_nothing_and_is_learnt_later() -> None:
    async def play(scene: Scene) -> None:
        scene.second.answer("connect", DROP)
        assert (await scene.upstream.capabilities() or Capabilities()).utf8
        scene.clock.now = 10
        await scene.upstream.capabilities()  # asks in the background
        await until(lambda: scene.upstream._hops[1].capabilities)
        assert not (await scene.upstream.capabilities() or Capabilities()).utf8

    run(play, second=("8BITMIME",))


@pytest.mark.parametrize("parameter", ["BODY=8BITMIME", "SMTPUTF8", "RET=HDRS", "envid=1"])
def test_one_that_knows_less_never_sees_what_it_would_refuse(parameter: str) -> None:
    """It was away when the client was told what it may say: 555 from it would bounce the message."""

    async def play(scene: Scene) -> None:
        await scene.first.stop()
        with pytest.raises(Unreachable):
            await scene.deliver(Sender(mailbox="a@b.example", parameters=(parameter,)))
        assert scene.second.transactions == []
        assert await scene.deliver() == "second"

    run(play, second=("PIPELINING",))


def test_one_that_knows_no_notifications_is_asked_for_none() -> None:
    async def play(scene: Scene) -> None:
        await scene.first.stop()
        _, transaction = await scene.upstream.open(A)
        assert transaction is not None
        with pytest.raises(ConnectionLost):
            await transaction.recipient(Recipient(mailbox="c@d.example", parameters=("NOTIFY=NEVER",)))
        transaction.abort()
        assert not any("NOTIFY" in command for command in scene.second.commands)
        assert await scene.deliver() == "second"

    run(play, second=("PIPELINING",))


def test_8_bit_mail_is_refused_for_good_only_where_no_server_takes_it() -> None:
    async def scene() -> None:
        async with ScriptedUpstream() as one, ScriptedUpstream(extensions=("SIZE",)) as two:
            async with RunningRelay(smtp_upstream(one.port, two.port)) as relay:
                client = await relay.ready()
                await until(lambda: two.connections)
                assert "8BITMIME" not in await client.say("EHLO client.test")
                message = "Subject: x\r\n\r\nü\r\n".encode()
                assert (await client.deliver(message)).startswith("250")
                await one.stop()
                assert (await client.deliver(message)).startswith("451")
                assert (await client.deliver()).startswith("250")
            assert [len(server.taken) for server in (one, two)] == [1, 1]

    asyncio.run(scene())


def test_health_says_since_when_and_why() -> None:
    async def play(scene: Scene) -> None:
        scene.clock.now = 7
        scene.first.answer("connect", "421 4.3.2 busy")
        await scene.deliver()
        assert scene.upstream.health[0] == Health(
            name=f"127.0.0.1:{scene.first.port}",
            up=False,
            since=7,
            error="the server does not want us: 421 4.3.2 busy",
        )

    run(play)
