import asyncio
import base64
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trustme

from relay.envelope import Recipient, Sender
from relay.upstream.connection_pool import PoolLimits
from relay.upstream.port import (
    Busy,
    Capabilities,
    ConnectionLost,
    OutcomeUnknown,
    Unreachable,
    room_for_growth,
)
from relay.upstream.smtp_server import Security, SmtpServer
from relay.upstream.smtp_transaction import SmtpTransaction
from relay.upstream.smtp_upstream import SmtpUpstream
from tests.relay.harness import Clock, smtp_upstream, until
from tests.smtp_upstream import DROP, RESET, SILENCE, ScriptedUpstream

A = Sender(mailbox="a@b.example")
B = Recipient(mailbox="c@d.example")


def run(play: Callable[[ScriptedUpstream, SmtpUpstream], Awaitable[None]], **options: Any) -> None:
    async def scene() -> None:
        async with ScriptedUpstream() as server:
            upstream = smtp_upstream(server.port, **options)
            await play(server, upstream)
            await upstream.close()

    asyncio.run(scene())


async def opened(upstream: SmtpUpstream) -> SmtpTransaction:
    reply, transaction = await upstream.open(A)
    assert reply.accepted
    assert transaction is not None
    return transaction


async def delivered(upstream: SmtpUpstream, content: bytes = b"x\r\n") -> None:
    transaction = await opened(upstream)
    assert (await transaction.recipient(B)).accepted
    assert (await transaction.message(content, name="1")).accepted


def test_a_connection_is_used_again() -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        for _ in range(3):
            await delivered(upstream)
        assert (server.connections, len(server.taken)) == (1, 3)

    run(play)


@pytest.mark.parametrize("how", [DROP, RESET, "421 4.4.2 idle for too long"])
def test_a_pooled_connection_that_is_dead_at_mail_is_replaced_once(how: Any) -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        await delivered(upstream)
        server.answer("MAIL", how)
        await delivered(upstream)
        assert (server.connections, len(server.taken)) == (2, 2)
        server.answer("MAIL", how, how)
        if how in (DROP, RESET):
            with pytest.raises(ConnectionLost):
                await upstream.open(A)
        else:
            assert (await upstream.open(A))[0].code == 421
        assert server.connections == 3

    run(play)


def test_a_fresh_connection_that_is_lost_at_mail_is_not_tried_again() -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        server.answer("MAIL", DROP)
        with pytest.raises(ConnectionLost):
            await upstream.open(A)
        assert server.connections == 1

    run(play)


def test_connections_that_the_server_closed_are_noticed() -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        await delivered(upstream)
        server.drop_all()
        await until(lambda: not server.open)
        await delivered(upstream)
        assert server.connections == 2

    run(play)


def test_the_pool_has_a_limit() -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        first, second = await opened(upstream), await opened(upstream)
        with pytest.raises(Busy):
            await upstream.open(A)
        first.abort()
        third = await opened(upstream)
        second.abort()
        third.abort()

    run(play, pool_size=2, pool_wait=0.01)


@pytest.mark.parametrize("phase", ["MAIL", "RCPT", "DATA", "end", "RSET"])
@pytest.mark.parametrize("how", [DROP, "550 5.0.0 no", "hello", "421 4.3.2 leaving"])
def test_whatever_happens_the_place_in_the_pool_comes_back(phase: str, how: Any) -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        for _ in range(3):
            clock.now += 10  # a server that failed is tried again
            server.answer(phase, how)
            try:
                _, transaction = await upstream.open(A)
                if transaction is None:
                    continue
            except ConnectionLost:
                continue
            try:
                await transaction.recipient(B)
                if phase == "RSET":
                    await transaction.abandon()
                else:
                    await transaction.message(b"x\r\n", name="1")
            except (ConnectionLost, OutcomeUnknown):
                transaction.abort()
        clock.now += 10
        await delivered(upstream)

    clock = Clock()
    run(play, pool_size=1, pool_wait=0.01, monotonic=clock)


async def cancelled(waiting: asyncio.Task[object], condition: Callable[[], object]) -> None:
    await until(condition)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


def test_cancelled_at_mail_the_connection_is_not_used_again() -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        server.answer("MAIL", SILENCE)
        await cancelled(asyncio.create_task(upstream.open(A)), lambda: server.transactions)
        await delivered(upstream)
        assert server.connections == 2

    run(play, pool_size=1, pool_wait=0.01)


@pytest.mark.parametrize("phase", ["RCPT", "RSET", "DATA", "end"])
def test_cancelled_in_a_transaction_the_connection_is_not_used_again(phase: str) -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        transaction = await opened(upstream)
        server.answer(phase, SILENCE)
        steps: dict[str, Callable[[], Awaitable[object]]] = {
            "RCPT": lambda: transaction.recipient(B),
            "RSET": transaction.abandon,
        }
        step = steps.get(phase, lambda: transaction.message(b"x\r\n", name="1"))
        seen = (
            (lambda: [seen.content for seen in server.transactions if seen.content])
            if phase == "end"
            else lambda: phase in str(server.commands)
        )
        await cancelled(asyncio.ensure_future(step()), seen)
        if phase == "RCPT":
            transaction.abort()
        await delivered(upstream)
        assert server.connections == 2

    run(play, pool_size=1, pool_wait=0.01)


def test_a_reply_too_many_takes_the_connection_out_of_use() -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        server.answer("end", "250 2.0.0 ok\r\n550 5.0.0 for the next one")
        await delivered(upstream)
        await delivered(upstream)
        assert server.connections == 2

    run(play)


@pytest.mark.parametrize(
    ("phase", "how", "error"),
    [
        ("DATA", DROP, ConnectionLost),
        ("DATA", "250 odd", ConnectionLost),
        ("early", DROP, ConnectionLost),
        ("end", DROP, OutcomeUnknown),
        ("end", RESET, OutcomeUnknown),
        ("end", "hello", OutcomeUnknown),
        ("end", "354 more", OutcomeUnknown),
    ],
)
def test_whether_the_dot_went_out_decides_what_is_known(phase: str, how: Any, error: type[Exception]) -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        transaction = await opened(upstream)
        await transaction.recipient(B)
        server.answer(phase, how, how)  # before the message was out it is sent once more
        with pytest.raises(error):
            await transaction.message(b"x" * 20_000_000 + b"\r\n" if phase == "early" else b"x\r\n", name="1")

    run(play)


def test_a_refusal_before_the_message_is_through_is_heard() -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        transaction = await opened(upstream)
        await transaction.recipient(B)
        server.answer("early", b"552 5.3.4 too much\r\n")
        reply = await transaction.message(b"x" * 3_000_000 + b"\r\n", name="1")
        assert reply.line() == "552 5.3.4 too much"
        await delivered(upstream)
        assert server.connections == 2

    run(play)


@pytest.mark.parametrize("size", [1, 3_000_000])
def test_an_acceptance_before_the_message_is_out_is_not_believed(size: int) -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        transaction = await opened(upstream)
        await transaction.recipient(B)
        server.answer("DATA", *[b"354 go ahead\r\n250 2.0.0 taken\r\n"] * 2)
        with pytest.raises(ConnectionLost):
            await transaction.message(b"x" * size + b"\r\n", name="1")
        assert server.connections == 2
        await delivered(upstream)

    run(play)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b".\r\n",
        b"..\r\n.x\r\n",
        b"a\r\n.\r\nb\r\n",
        b"x" * 600_000 + b"\r\n.\r\n",
        b"y" * (2 * 262_144 - 2) + b"\r\n",
    ],
    ids=["empty", "dot", "dots", "fake end", "long line", "exact pieces"],
)
def test_messages_arrive_as_they_are(content: bytes) -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        await delivered(upstream, content)
        assert server.transactions[0].content == content
        await delivered(upstream)
        assert server.connections == 1

    run(play)


def test_capabilities_are_learnt_from_any_connection() -> None:
    async def scene() -> None:
        server = ScriptedUpstream(extensions=("SIZE 1000", "8BITMIME"))
        async with server:
            upstream = smtp_upstream(server.port)
            assert await upstream.capabilities() == Capabilities(size=1000, eight_bit=True)
            assert server.connections == 1
            await delivered(upstream)
            assert server.connections == 1  # the one that was opened to ask
            server.extensions = ("DSN", "SIZE", "SMTPUTF8", "ENHANCEDSTATUSCODES")
            server.answer("MAIL", DROP)
            await delivered(upstream)
            assert await upstream.capabilities() == Capabilities(
                size=0, dsn=True, utf8=True, enhanced_codes=True
            )
            await upstream.close()

    asyncio.run(scene())


def test_an_upstream_that_knows_only_helo() -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        server.answer("EHLO", "502 5.5.1 what?")
        assert await upstream.capabilities() == Capabilities()
        await delivered(upstream)

    run(play)


def test_an_upstream_that_is_away_is_not_asked_at_each_ehlo() -> None:
    async def scene() -> None:
        async with ScriptedUpstream() as server:
            clock = Clock()
            upstream = smtp_upstream(server.port, monotonic=clock)
            server.answer("connect", DROP)
            assert await upstream.capabilities() is None
            assert await upstream.capabilities() is None
            assert server.connections == 1
            clock.now = 6.0
            assert await upstream.capabilities() is not None
            await upstream.close()

    asyncio.run(scene())


def test_size_has_room_for_what_rewriting_adds() -> None:
    assert room_for_growth(1000) == 250
    assert room_for_growth(100_000_000) == 256 * 1024

    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        await upstream.open(Sender(mailbox="a@b.example", size=1000))
        assert server.transactions[0].mail == "<a@b.example> SIZE=1250"

    run(play)


def test_size_is_not_said_to_a_server_that_does_not_know_it() -> None:
    async def scene() -> None:
        async with ScriptedUpstream(extensions=("8BITMIME",)) as server:
            upstream = smtp_upstream(server.port)
            await upstream.open(Sender(mailbox="a@b.example", size=1000))
            assert server.transactions[0].mail == "<a@b.example>"
            await upstream.close()

    asyncio.run(scene())


class Authority:
    """A certificate authority, a server's context, and a client's that trusts it."""

    def __init__(self, name: str = "127.0.0.1") -> None:
        self._authority = trustme.CA()
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(name).configure_cert(self.server)
        self.client = ssl.create_default_context()
        self._authority.configure_trust(self.client)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def over_tls(
    play: Callable[[ScriptedUpstream, SmtpUpstream], Awaitable[None]],
    *,
    server: ssl.SSLContext | None,
    client: ssl.SSLContext,
    security: Security,
) -> None:
    async def scene() -> None:
        extensions = ("STARTTLS", "8BITMIME") if server is not None else ("8BITMIME",)
        scripted = ScriptedUpstream(extensions=extensions, tls=server, implicit_tls=security is Security.TLS)
        async with scripted:
            upstream = smtp_upstream(scripted.port, security=security, tls=client)
            await play(scripted, upstream)
            await upstream.close()
            await until(lambda: not scripted.open)

    asyncio.run(scene())


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_over_tls(security: Security, authority: Authority) -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        await delivered(upstream)
        await delivered(upstream)
        assert (server.connections, len(server.taken)) == (1, 2)

    over_tls(play, server=authority.server, client=authority.client, security=security)


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
@pytest.mark.parametrize("wrong", ["authority", "name"])
def test_a_certificate_that_is_not_theirs_is_no_connection(
    security: Security, wrong: str, authority: Authority
) -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        with pytest.raises(Unreachable):
            await upstream.open(A)
        assert server.transactions == []

    other = Authority("other.example")
    client = authority.client if wrong == "authority" else other.client
    over_tls(play, server=other.server, client=client, security=security)


def test_starttls_never_falls_back(authority: Authority) -> None:
    async def play(server: ScriptedUpstream, upstream: SmtpUpstream) -> None:
        with pytest.raises(Unreachable):
            await upstream.open(A)
        assert server.commands == ["EHLO relay.test"]

    over_tls(play, server=None, client=authority.client, security=Security.STARTTLS)


def test_a_login() -> None:
    async def scene() -> None:
        async with ScriptedUpstream(extensions=("AUTH PLAIN",)) as server:
            upstream = smtp_upstream(server.port, username="me", password="pass")
            await delivered(upstream)
            said = base64.b64encode(b"\0me\0pass").decode()
            assert f"AUTH PLAIN {said}" in server.commands
            await upstream.close()

    asyncio.run(scene())


@pytest.mark.parametrize("extensions", [("AUTH PLAIN",), ("8BITMIME",), ("AUTH GSSAPI",)])
def test_a_login_that_fails_is_no_connection_and_shows_no_password(extensions: tuple[str, ...]) -> None:
    async def scene() -> None:
        async with ScriptedUpstream(extensions=extensions) as server:
            server.answer("AUTH", "535 5.7.8 wrong")
            upstream = smtp_upstream(server.port, username="me", password="pass-word")
            with pytest.raises(Unreachable) as unreachable:
                await upstream.open(A)
            assert "pass-word" not in str(unreachable.value)
            assert unreachable.value.reply.code == 451
            assert server.transactions == []

    asyncio.run(scene())


def test_settings_hide_the_password() -> None:
    assert "pass-word" not in repr(SmtpServer(host="x", port=25, password="pass-word"))


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid", "a..b", "x" * 300])
def test_a_host_that_cannot_be_reached(host: str) -> None:
    async def scene() -> None:
        server = ScriptedUpstream()
        async with server:
            pass
        clock = Clock()
        upstream = SmtpUpstream(
            [SmtpServer(host=host, port=server.port)], PoolLimits(), monotonic=clock, jitter=lambda: 0.0
        )
        for _ in range(3):
            clock.now += 10
            with pytest.raises(Unreachable):
                await upstream.open(A)

    asyncio.run(scene())
