"""What a client may cost: time, pace, errors, memory."""

import asyncio
import logging

import pytest

from relay.settings import BareNewlines
from tests.relay.harness import MESSAGE, Client, RunningRelay, until
from tests.relay.scene import run
from tests.smtp_upstream import ScriptedUpstream

KIB = 1024


async def in_data(relay: RunningRelay) -> Client:
    """Return a client that has read the 354."""
    client = await relay.ready()
    await client.envelope("b@there.example")
    assert (await client.say("DATA")).startswith("354")
    return client


# Time


def test_a_client_that_says_nothing_is_sent_away(caplog: pytest.LogCaptureFixture) -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.connect()
        assert (await client.reply()).startswith("421 4.4.2 Nothing was said")
        assert await client.at_end()
        assert relay.counted("clients_sent_away_total") == 1

    caplog.set_level(logging.INFO, "waypost.relay")
    run(play, command_timeout=0.01)
    assert "127.0.0.1 was sent away: 421 4.4.2 Nothing was said for too long" in caplog.messages


def test_a_client_that_leaves_is_not_sent_away() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        assert (await client.say("QUIT")).startswith("221")
        idle = await relay.ready()
        await relay.stop(grace=5)
        assert (await idle.reply()).startswith("421 4.3.2")
        assert relay.counted("clients_sent_away_total") == 0

    run(play)


def test_a_command_that_comes_octet_by_octet_is_no_command() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.connect()
        client.send(b"NO")
        assert (await client.reply()).startswith("421 4.4.2")

    run(play, command_timeout=0.01)


async def idle_until_cut(client: Client) -> str:
    """Say NOOP again and again; return the first other reply."""
    while (reply := await client.say("NOOP")).startswith("250"):  # noqa: ASYNC110 - time is what it tests
        await asyncio.sleep(0.005)
    return reply


def test_noop_does_not_keep_a_session_alive() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        assert await idle_until_cut(client) == "421 4.4.2 No message was sent for too long"
        assert await client.at_end()

    run(play, session_timeout=0.1, max_idle_commands=1_000_000)


@pytest.mark.parametrize("verdict", ["250 2.0.0 taken", "550 5.7.1 no"])
def test_only_a_message_that_is_taken_renews_the_patience(verdict: str) -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        upstream.answer("end", verdict)
        now = asyncio.get_running_loop().time
        begun, client = now(), await relay.ready()
        await asyncio.sleep(0.5)
        await client.deliver()
        assert (await idle_until_cut(client)).startswith("421 4.4.2 No message")
        assert (now() - begun >= 1.5) is verdict.startswith("250")

    run(play, session_timeout=1, max_idle_commands=1_000_000)


def test_a_message_that_stops_coming_is_dropped() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await in_data(relay)
        client.send(b"half")
        assert (await client.reply()).startswith("421 4.4.2 The message stopped")
        assert upstream.taken == []

    run(play, data_timeout=0.01)


def test_10_a_trickle_is_cut() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await in_data(relay)
        sent = 0
        cut = asyncio.create_task(client.reply())
        while not cut.done():
            client.send(b"x")
            sent += 1
            await asyncio.sleep(0.002)
        assert (await cut).startswith("421 4.4.2 The message came too slowly")
        assert sent < 1_000
        assert upstream.taken == []

    run(play, data_timeout=1, minimum_rate=100_000)


def test_10_slow_and_legal_gets_through() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await in_data(relay)
        for _ in range(60):
            client.send(b"a line of some length\r\n")
            await asyncio.sleep(0.02)
        assert (await client.say(b".\r\n")).startswith("250")

    run(play, data_timeout=1, minimum_rate=100, session_timeout=0.5)


def test_time_at_the_upstream_is_not_the_clients() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        go_on = upstream.hold_end()
        client = await in_data(relay)
        client.send(MESSAGE + b".\r\n")
        await upstream.paused_before_end.wait()
        await asyncio.sleep(0.6)
        go_on.set()
        assert (await client.reply()).startswith("250")

    run(play, command_timeout=0.4, data_timeout=0.4, session_timeout=0.5)


def test_10_a_client_that_does_not_read_is_cut() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port, limit=1)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(200):
            writer.write(b"HELP\r\n" * 1_000)
            await asyncio.sleep(0)
        await until(lambda: not relay.relay.connected)
        writer.transport.abort()
        assert reader is not None

    run(play, command_timeout=0.1, max_idle_commands=10_000_000)


# Errors


def test_many_errors_are_slowed_then_cut() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        replies = [await client.say("RCPT TO:<a@b.example>") for _ in range(4)]
        assert [reply[:9] for reply in replies] == ["503 5.5.1"] * 3 + ["421 4.7.0"]
        assert await client.at_end()
        assert relay.counted("clients_sent_away_total") == 1

    run(play, soft_errors=2, hard_errors=4, error_delay=0)


def test_errors_beyond_the_soft_limit_wait() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        now = asyncio.get_running_loop().time
        times = []
        for _ in range(3):
            begun = now()
            await client.say("RCPT TO:<a@b.example>")
            times.append(now() - begun)
        assert times[2] >= 0.5 > times[1]

    run(play, soft_errors=2, hard_errors=20, error_delay=0.5)


def test_a_message_makes_good_for_errors() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        for _ in range(5):
            for _ in range(3):
                assert (await client.say("RCPT TO:<a@b.example>")).startswith("503")
            assert (await client.deliver()).startswith("250")

    run(play, soft_errors=3, hard_errors=4)


def test_recipients_that_are_refused_are_no_errors_of_the_client() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        upstream.answer("RCPT", *["550 5.1.1 unknown"] * 10)
        client = await relay.ready()
        await client.say("MAIL FROM:<a@b.example>")
        for recipient in ["<c@d.example>"] * 10 + ["<malformed>"] * 10:
            assert (await client.say(f"RCPT TO:{recipient}"))[:3] in ("550", "553")
        assert (await client.say("RCPT TO:<c@d.example>")).startswith("250")
        assert (await client.data(MESSAGE)).startswith("250")

    run(play, soft_errors=2, hard_errors=4)


def test_what_follows_a_refused_mail_in_one_pipeline_is_no_error() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        upstream.answer("MAIL", "550 5.7.1 not you")
        client = await relay.ready()
        client.send(b"MAIL FROM:<a@b.example>\r\n" + b"RCPT TO:<c@d.example>\r\n" * 20 + b"DATA\r\n")
        replies = [(await client.reply())[:3] for _ in range(22)]
        assert replies[0] == "550"
        assert set(replies[1:]) <= {"503", "550"}
        assert (await client.deliver()).startswith("250")

    run(play, soft_errors=2, hard_errors=4)


@pytest.mark.parametrize("command", ["NOOP", "RSET", "VRFY x", "HELP", "EHLO x"])
def test_commands_without_mail_are_counted(command: str) -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.connect()
        replies = [await client.say(command) for _ in range(6)]
        assert [reply[:1] for reply in replies] == ["2"] * 5 + ["4"]
        assert replies[-1].startswith("421 4.7.0")

    run(play, max_idle_commands=5)


def test_a_message_makes_good_for_commands_without_mail() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        for _ in range(5):
            for _ in range(4):
                assert (await client.say("NOOP")).startswith("250")
            assert (await client.deliver()).startswith("250")

    run(play, max_idle_commands=5)


def test_a_browser_is_sent_away() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.connect()
        client.send(
            b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: y\r\nAccept: z\r\nCookie: a\r\nMAIL FROM:<a@b>\r\n"
        )
        assert [(await client.reply())[:3] for _ in range(5)] == ["500"] * 4 + ["421"]
        assert await client.at_end()

    run(play)


def test_a_line_without_end_is_cut() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.connect()
        client.send(b"x" * 200_000)
        assert (await client.reply()).startswith("421")

    run(play)


def test_too_many_recipients() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        replies = await client.envelope("a@x.example", "b@x.example", "c@x.example")
        assert [reply[:9] for reply in replies[1:]] == ["250 2.1.5", "250 2.1.5", "452 4.5.3"]
        assert (await client.data(MESSAGE)).startswith("250")

    run(play, max_recipients=2)


# Memory


def test_a_declared_size_without_room_is_told_at_mail() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        first, second = await in_data(relay), await relay.ready()
        first.send(b"x" * 10 * KIB)
        await until(lambda: relay.relay.budget.used)
        large = f"MAIL FROM:<a@b.example> SIZE={100 * KIB}"
        assert (await second.say(large)).startswith("452 4.3.1")
        assert (await second.deliver()).startswith("250")
        assert (await first.say(b"\r\n.\r\n")).startswith("250")
        assert (await second.say(large)).startswith("250")

    run(play, max_bytes_in_flight=200 * KIB)


def test_a_declared_size_is_held_from_data_on() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        clients = [await relay.ready() for _ in range(3)]
        for client in clients:
            assert (await client.say(f"MAIL FROM:<a@b.example> SIZE={30 * KIB}")).startswith("250")
            await client.say("RCPT TO:<c@d.example>")
        assert (await clients[0].say("DATA")).startswith("354")
        assert relay.relay.budget.used == 120 * KIB
        assert (await clients[1].say("DATA")).startswith("354")
        assert (await clients[2].say("DATA")).startswith("452 4.3.1")
        clients[0].close()
        clients[1].close()
        await until(lambda: not relay.relay.budget.used)
        assert (await clients[2].data(MESSAGE)).startswith("250")

    run(play, max_bytes_in_flight=200 * KIB)


def test_a_size_that_was_not_declared_is_told_behind_the_dot() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        first, second = await in_data(relay), await in_data(relay)
        first.send(b"x" * 60 * KIB)
        await until(lambda: relay.relay.budget.used > 200 * KIB)
        assert (await second.say(b"y" * 100 * KIB + b"\r\n.\r\n")).startswith("452 4.3.1")
        assert (await first.say(b"\r\n.\r\n")).startswith("250")
        assert (await second.deliver()).startswith("250")

    run(play, max_bytes_in_flight=200 * KIB)


def test_clients_that_declare_nothing_do_not_keep_each_other_out() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        clients = [await in_data(relay) for _ in range(4)]
        for client in clients:
            client.send(b"x" * 30 * KIB)
        await until(lambda: relay.relay.budget.used > 200 * KIB)
        replies = [await client.say(b"y" * 60 * KIB + b"\r\n.\r\n") for client in clients]
        assert sorted(reply[:3] for reply in replies) == ["250", "452", "452", "452"]

    run(play, max_bytes_in_flight=200 * KIB)


def test_one_message_alone_is_never_too_large_for_the_budget() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        assert (await client.deliver(MESSAGE + b"x" * 50 * KIB + b"\r\n")).startswith("250")

    run(play, max_bytes_in_flight=KIB)


@pytest.mark.parametrize("leave", [Client.close, Client.reset])
def test_what_a_client_held_is_free_when_it_is_gone(leave: object) -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await in_data(relay)
        client.send(b"x" * 10 * KIB)
        await until(lambda: relay.relay.budget.used)
        assert callable(leave)
        leave(client)
        await until(lambda: not relay.relay.budget.used)

    run(play)


def test_a_delivery_holds_its_share_when_the_client_is_gone() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        go_on = upstream.hold_end()
        client = await in_data(relay)
        client.send(MESSAGE + b".\r\n")
        await upstream.paused_before_end.wait()
        client.reset()
        await until(lambda: not relay.relay.connected)
        assert relay.relay.budget.used
        go_on.set()
        await until(lambda: not relay.relay.budget.used)
        assert len(upstream.taken) == 1

    run(play)


# What a message may hold


@pytest.mark.parametrize(
    ("setting", "reply"),
    [(BareNewlines.AUTO, "250"), (BareNewlines.NORMALISE, "250"), (BareNewlines.REFUSE, "521 5.5.2")],
)
def test_bare_newlines(setting: BareNewlines, reply: str) -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        assert (await client.deliver(b"Subject: x\n\nbody\r\n")).startswith(reply)
        if setting is BareNewlines.REFUSE:
            assert await client.at_end()
        assert len(upstream.taken) == (reply == "250")

    run(play, bare_newlines=setting)


def test_clean_messages_are_never_refused_for_newlines() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        assert (await (await relay.ready()).deliver()).startswith("250")

    run(play, bare_newlines=BareNewlines.REFUSE)


def test_a_nul_is_refused_and_the_session_goes_on() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        assert (await client.deliver(MESSAGE + b"a\0b\r\n")).startswith("554 5.6.0")
        assert (await client.deliver()).startswith("250")
        assert len(upstream.taken) == 1
        assert upstream.connections == 1

    run(play)
