"""Round trips saved, envelopes said again: what goes over the wire, and what is promised to whom."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from relay.envelope import Recipient, Sender
from relay.replies import Reply
from relay.upstream.port import ConnectionLost, OutcomeUnknown, Unreachable
from relay.upstream.smtp_transaction import SmtpTransaction
from relay.upstream.smtp_upstream import SmtpUpstream
from tests.relay.harness import Clock, smtp_upstream, until
from tests.smtp_upstream import DROP, EXTENSIONS, RESET, SILENCE, ScriptedUpstream

A = Sender(mailbox="a@b.example")
B, C = Recipient(mailbox="b@d.example"), Recipient(mailbox="c@d.example")
CHUNKING = (*EXTENSIONS, "CHUNKING")
Play = Callable[[ScriptedUpstream, SmtpUpstream], Awaitable[None]]


def run(
    play: Play, *, extensions: tuple[str, ...] = EXTENSIONS, pipelining: bool = True, **options: Any
) -> None:
    async def scene() -> None:
        async with ScriptedUpstream(extensions=extensions) as server:
            upstream = smtp_upstream(server.port, pipelining=pipelining, **options)
            await play(server, upstream)
            await upstream.close()

    asyncio.run(scene())


async def opened(upstream: SmtpUpstream, *recipients: Recipient, sender: Sender = A) -> SmtpTransaction:
    """Return a transaction in which these recipients were accepted."""
    reply, transaction = await upstream.open(sender)
    assert reply.accepted
    assert transaction is not None
    for recipient in recipients:
        assert (await transaction.recipient(recipient)).accepted
    return transaction


async def delivered(upstream: SmtpUpstream, content: bytes = b"x\r\n") -> Reply:
    return await (await opened(upstream, B)).message(content, name="1")


def test_mail_waits_for_the_first_recipient_and_both_go_at_once() -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        transaction = await opened(upstream)
        assert server.commands == ["EHLO relay.test"]
        assert server.connections == 1  # an upstream that is away must be told at MAIL
        server.answer("MAIL", SILENCE)  # no answer to MAIL, and none is waited for
        waiting = asyncio.ensure_future(transaction.recipient(B))
        await until(lambda: len(server.commands) == 2)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        transaction.abort()

    run(play)


def test_mail_and_the_first_recipient_are_one_write() -> None:
    """Counted where it matters: in round trips of a server that answers nothing before it has read all."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 x\r\n")
        await reader.readline()
        writer.write(b"250-x\r\n250 PIPELINING\r\n")
        seen.append(await reader.read(4096))
        writer.write(b"250 ok\r\n250 ok\r\n")
        await reader.read()
        writer.close()
        await writer.wait_closed()
        gone.set()

    async def scene() -> None:
        async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
            upstream = smtp_upstream(server.sockets[0].getsockname()[1], pipelining=True)
            transaction = await opened(upstream, B)
            transaction.abort()
            await gone.wait()

    seen: list[bytes] = []
    gone = asyncio.Event()
    asyncio.run(scene())
    assert seen == [b"MAIL FROM:<a@b.example>\r\nRCPT TO:<b@d.example>\r\n"]


@pytest.mark.parametrize("why", ["not offered", "not wanted"])
def test_without_pipelining_mail_goes_at_once(why: str) -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        server.answer("MAIL", "550 5.7.1 not you")
        assert (await upstream.open(A)) == (Reply(550, "5.7.1", "not you"), None)

    if why == "not offered":
        run(play, extensions=("8BITMIME",))
    else:
        run(play, pipelining=False)


@pytest.mark.parametrize("refusal", [Reply(550, "5.7.1", "not you"), Reply(450, "4.7.1", "not now")])
def test_a_refusal_of_mail_is_the_reply_to_every_recipient(refusal: Reply) -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        server.answer("MAIL", refusal.line())
        transaction = await opened(upstream)
        assert [await transaction.recipient(to) for to in (B, C)] == [refusal, refusal]
        await transaction.abandon()
        assert server.commands[1:] == ["MAIL FROM:<a@b.example>", "RCPT TO:<b@d.example>"]
        await delivered(upstream)
        assert server.connections == 1  # it is in step, and used again

    run(play)


def test_a_recipient_accepted_behind_a_refused_sender_is_believed_no_more() -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        server.answer("MAIL", "550 5.7.1 not you")
        server.answer("RCPT", "250 2.1.5 fine!")
        transaction = await opened(upstream)
        with pytest.raises(ConnectionLost):
            await transaction.recipient(B)
        transaction.abort()
        await delivered(upstream)
        assert server.connections == 2

    run(play)


@pytest.mark.parametrize("how", [DROP, RESET, "421 4.4.2 idle for too long"])
def test_a_pooled_connection_that_is_dead_is_replaced_once(how: Any) -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        await delivered(upstream)
        server.answer("MAIL", how)
        assert (await delivered(upstream)).accepted
        assert (server.connections, len(server.taken)) == (2, 2)
        assert upstream.health[0].up

    run(play)


def test_a_connection_closed_while_the_client_thinks_is_noticed_before_use() -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        transaction = await opened(upstream)
        server.drop_all()
        await until(lambda: not server.open)
        assert (await transaction.recipient(B)).accepted
        assert server.commands.count("MAIL FROM:<a@b.example>") == 1
        assert upstream.health[0].up
        transaction.abort()

    run(play)


def test_a_server_that_always_hangs_up_is_tried_a_bounded_number_of_times() -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        server.answer("MAIL", *[DROP] * 20)
        transaction = await opened(upstream)
        with pytest.raises(ConnectionLost):
            await transaction.recipient(B)
        transaction.abort()
        assert server.connections == 2
        assert not upstream.health[0].up

    run(play)


def test_a_transaction_given_up_before_its_first_recipient_says_nothing() -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        await (await opened(upstream)).abandon()
        (await opened(upstream)).abort()
        assert server.commands == ["EHLO relay.test"]
        await delivered(upstream)
        assert server.connections == 1

    run(play)


def test_a_transaction_given_up_behind_a_recipient_is_reset() -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        await (await opened(upstream, B)).abandon()
        assert server.commands[-1] == "RSET"
        await delivered(upstream)
        assert server.connections == 1

    run(play)


@pytest.mark.parametrize("at", ["idle", "421", "DATA", "DATA 421", "early"])
def test_an_upstream_that_gives_up_before_the_message_is_out_hears_the_envelope_again(at: str) -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        transaction = await opened(upstream, B)
        server.answer("RCPT", "550 5.1.1 no")
        assert not (await transaction.recipient(Recipient(mailbox="no@d.example"))).accepted
        assert (await transaction.recipient(C)).accepted
        content = b"x\r\n"
        if at == "idle":
            server.drop_all()
            await until(lambda: not server.open)
        elif at == "421":
            server.say_to_all("421 4.4.2 timeout exceeded")
            await until(lambda: not server.open)
        elif at == "early":
            server.answer("early", DROP)
            content = b"y" * 20_000_000 + b"\r\n"
        else:
            server.answer("DATA", DROP if at == "DATA" else "421 4.3.2 leaving")
        assert (await transaction.message(content, name="1")).accepted
        assert transaction.replayed
        [taken] = server.taken
        assert (taken.connection, taken.recipients) == (2, ["<b@d.example>", "<c@d.example>"])
        assert taken.content == content

    run(play)


@pytest.mark.parametrize("answer", ["450 4.2.1 greylisted", "550 5.1.1 gone", DROP])
def test_another_outcome_for_a_recipient_sends_nothing(answer: Any) -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        transaction = await opened(upstream, B, C)
        server.drop_all()
        await until(lambda: not server.open)
        server.answer("RCPT", "250 2.1.5 ok", answer)
        with pytest.raises(ConnectionLost) as lost:
            await transaction.message(b"x\r\n", name="1")
        assert lost.value.reply.code == 451
        assert server.taken == []
        await delivered(upstream)

    run(play, pool_size=1, pool_wait=0.01)


def test_the_envelope_is_said_again_once() -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        transaction = await opened(upstream, B)
        server.answer("DATA", DROP, DROP)
        with pytest.raises(ConnectionLost):
            await transaction.message(b"x\r\n", name="1")
        assert server.connections == 2

    run(play)


def test_an_upstream_that_is_gone_for_good_takes_nothing() -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        transaction = await opened(upstream, B)
        await server.stop()
        with pytest.raises(Unreachable):
            await transaction.message(b"x\r\n", name="1")

    run(play)


@pytest.mark.parametrize("extensions", [EXTENSIONS, CHUNKING])
@pytest.mark.parametrize("how", [DROP, RESET, "hello"])
def test_behind_the_last_octet_nothing_is_sent_again(extensions: tuple[str, ...], how: Any) -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        transaction = await opened(upstream, B)
        server.answer("end", how)
        with pytest.raises(OutcomeUnknown):
            await transaction.message(b"x\r\n", name="1")
        assert not transaction.replayed
        assert server.connections == 1

    run(play, extensions=extensions)


@pytest.mark.parametrize("extensions", [EXTENSIONS, CHUNKING])
def test_a_server_silent_at_the_end_is_unknown_and_its_connection_closed(extensions: tuple[str, ...]) -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        server.answer("end", SILENCE)
        with pytest.raises(OutcomeUnknown, match=r"0\.1 s"):
            await delivered(upstream)
        await until(lambda: not server.open)
        assert (await delivered(upstream)).accepted

    run(play, extensions=extensions, final_timeout=0.1)


def test_a_server_silent_at_data_is_a_message_not_taken() -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        server.answer("DATA", SILENCE, SILENCE)
        with pytest.raises(ConnectionLost, match=r"no reply within 0\.05 s"):
            await delivered(upstream)
        assert server.connections == 2

    run(play, data_timeout=0.05)


@pytest.mark.parametrize("content", [b"", b".\r\n", b"a\r\n.\r\nb\r\n", b"x" * 600_000 + b"\r\n.\r\n"])
def test_chunks_carry_messages_as_they_are(content: bytes) -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        assert (await delivered(upstream, content)).accepted
        assert server.taken[0].raw == content
        assert server.commands[-1] == f"BDAT {len(content)} LAST"
        await delivered(upstream)
        assert server.connections == 1

    run(play, extensions=CHUNKING)


def test_data_is_used_where_chunks_are_not_wanted() -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        await delivered(upstream)
        assert server.commands[-1] == "DATA"

    run(play, extensions=CHUNKING, chunking=False)


@pytest.mark.parametrize("answer", ["552 5.3.4 too much", "452 4.3.1 disk full"])
def test_a_chunk_that_is_refused_is_the_servers_word_and_ends_the_connection(answer: str) -> None:
    """Behind it the state is indeterminate [RFC 3030 section 2]: MAIL might be refused with 503."""

    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        server.answer("end", answer)
        assert (await delivered(upstream)).line() == answer
        await delivered(upstream)
        assert server.connections == 2

    run(play, extensions=CHUNKING)


def test_a_server_that_does_not_know_the_chunks_it_offers_gets_data_from_then_on() -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        server.answer("BDAT", "502 5.5.1 what?")
        assert (await delivered(upstream)).accepted
        assert (await delivered(upstream)).accepted
        assert [line.partition(" ")[0] for line in server.commands].count("BDAT") == 1
        assert len(server.taken) == 2

    run(play, extensions=CHUNKING)


def test_a_refusal_of_data_leaves_no_connection_with_an_envelope_behind() -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        server.answer("DATA", "451 4.3.0 later")
        assert (await delivered(upstream)).code == 451
        assert (await delivered(upstream)).accepted  # MAIL on the old one would be answered 503
        assert server.connections == 2

    run(play)


def test_an_address_with_a_line_ending_is_never_said() -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        transaction = await opened(upstream)
        with pytest.raises(ConnectionLost):
            await transaction.recipient(Recipient(mailbox="b@d.example>\r\nRCPT TO:<evil@d.example"))
        transaction.abort()
        assert not any("evil" in line for line in server.commands)

    run(play)


def test_a_message_has_one_deadline_with_its_replay() -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        transaction = await opened(upstream, B)
        server.answer("DATA", DROP)
        server.answer("connect", SILENCE)
        with pytest.raises(ConnectionLost, match=r"not through within 0\.2 s"):
            await transaction.message(b"x\r\n", name="1")

    run(play, final_timeout=0.2, monotonic=Clock())
