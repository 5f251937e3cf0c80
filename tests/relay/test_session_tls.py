"""STARTTLS and implicit TLS on the client's side."""

import asyncio
import contextlib
import smtplib
import ssl

import pytest

from relay.listener import Listener, Tls
from tests.relay.certificates import Certificates
from tests.relay.harness import MESSAGE, Client, RunningRelay, until
from tests.relay.scene import run
from tests.smtp_upstream import ScriptedUpstream

CERTIFICATES = Certificates()
OFFERED, REQUIRED, IMPLICIT = (Listener(tls=tls) for tls in (Tls.OFFERED, Tls.REQUIRED, Tls.IMPLICIT))


def received(upstream: ScriptedUpstream) -> bytes:
    content = upstream.taken[-1].content
    assert content is not None
    return content[: content.index(b"From:")]


async def encrypted(relay: RunningRelay) -> Client:
    """Return a client that has begun TLS and said nothing in it."""
    client = await relay.ready()
    assert (await client.say("STARTTLS")).startswith("220")
    await client.start_tls(CERTIFICATES.client)
    return client


@pytest.mark.parametrize("listener", [OFFERED, REQUIRED])
def test_a_message_over_starttls(listener: Listener) -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.connect()
        assert "STARTTLS" in await client.say("EHLO client.test")
        assert (await client.say("STARTTLS")).startswith("220 2.0.0")
        await client.start_tls(CERTIFICATES.client)
        assert "STARTTLS" not in await client.say("EHLO client.test")
        assert (await client.deliver()).startswith("250")
        assert b"with ESMTPS id" in received(upstream)
        assert b"\t(TLSv1.3 TLS_" in received(upstream)
        assert (await client.say("STARTTLS")).startswith("503")
        assert (await client.say("QUIT")).startswith("221")

    run(play, listener=listener, tls=CERTIFICATES.server)


def test_a_message_over_implicit_tls() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.connect(tls=CERTIFICATES.client)
        assert "STARTTLS" not in await client.say("EHLO client.test")
        assert (await client.say("STARTTLS")).startswith("503")
        assert (await client.deliver(MESSAGE + b"x" * 300_000 + b"\r\n")).startswith("250")
        assert b"with ESMTPS id" in received(upstream)

    run(play, listener=IMPLICIT, tls=CERTIFICATES.server)


def test_without_tls_nothing_says_so() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.connect()
        assert "STARTTLS" not in await client.say("EHLO client.test")
        assert (await client.deliver()).startswith("250")
        assert b"with ESMTP id" in received(upstream)
        assert b"TLS" not in received(upstream)

    run(play)


def test_where_it_is_required_nothing_is_taken_before() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        for command in ("MAIL FROM:<a@b.example>", "RCPT TO:<a@b.example>", "DATA", "HELO x", "VRFY x"):
            assert (await client.say(command)).startswith("530 5.7.0"), command
        assert (await client.say("NOOP")).startswith("250")
        assert (await client.say("STARTTLS")).startswith("220")
        await client.start_tls(CERTIFICATES.client)
        assert (await client.say("MAIL FROM:<a@b.example>")).startswith("503")
        await client.say("EHLO client.test")
        assert (await client.deliver()).startswith("250")
        assert upstream.connections == 1

    run(play, listener=REQUIRED, tls=CERTIFICATES.server)


def test_what_is_offered_need_not_be_taken() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        assert (await (await relay.ready()).deliver()).startswith("250")

    run(play, listener=OFFERED, tls=CERTIFICATES.server)


def test_12_what_was_pipelined_behind_starttls_is_dropped() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        client.send(b"STARTTLS\r\nEHLO evil.test\r\nMAIL FROM:<evil@x.example>\r\nRCPT TO:<v@x.example>\r\n")
        assert (await client.reply()).startswith("220")
        await client.start_tls(CERTIFICATES.client)
        assert (await client.say("RCPT TO:<b@there.example>")).startswith("503")
        assert (await client.say("MAIL FROM:<a@b.example>")).startswith("503")  # EHLO is to be said again
        await client.say("EHLO client.test")
        assert (await client.deliver()).startswith("250")
        assert [seen.mail for seen in upstream.transactions] == ["<app@shop.example>"]

    run(play, listener=OFFERED, tls=CERTIFICATES.server)


def test_12_a_transaction_before_starttls_is_forgotten() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        await client.envelope("b@there.example")
        assert (await client.say("STARTTLS")).startswith("220")
        await client.start_tls(CERTIFICATES.client)
        await client.say("EHLO client.test")
        assert (await client.say("DATA")).startswith("503")

    run(play, listener=OFFERED, tls=CERTIFICATES.server)


def test_pipelining_over_tls() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await encrypted(relay)
        client.send(b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n")
        assert [(await client.reply())[:3] for _ in range(4)] == ["250", "250", "250", "354"]
        client.send(MESSAGE + b".\r\nQUIT\r\n")
        assert [(await client.reply())[:3] for _ in range(2)] == ["250", "221"]
        assert await client.at_end()

    run(play, listener=OFFERED, tls=CERTIFICATES.server)


@pytest.mark.parametrize("noise", [b"EHLO in the clear\r\n", b"\x16\x03\x01\x00\x05hello", b""])
def test_a_handshake_that_fails_ends_the_connection(noise: bytes) -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.ready()
        assert (await client.say("STARTTLS")).startswith("220")
        client.send(noise)
        if not noise:
            client.close()
        await until(lambda: not relay.relay.connected)
        assert (await (await encrypted(relay)).say("EHLO x")).startswith("250")

    run(play, listener=OFFERED, tls=CERTIFICATES.server)


@pytest.mark.parametrize("listener", [OFFERED, IMPLICIT])
def test_a_handshake_that_stops_is_cut(listener: Listener) -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        if listener is OFFERED:
            writer.write(b"STARTTLS\r\n")
            await reader.readuntil(b"220 2.0.0 Go ahead\r\n")
        with contextlib.suppress(ConnectionResetError):  # a hurried end is one too
            assert await reader.read() == b""
        await until(lambda: not relay.acceptor._open)
        writer.close()

    run(play, listener=listener, tls=CERTIFICATES.server, handshake_timeout=0.05)


def test_tls_1_2_is_spoken() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        old = CERTIFICATES.client_of(ssl.TLSVersion.TLSv1_2)
        client = await relay.connect(tls=old)
        assert (await client.say("EHLO x")).startswith("250")

    run(play, listener=IMPLICIT, tls=CERTIFICATES.server)


def test_stopping_tells_clients_in_tls_and_drops_half_made_ones() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        idle = await relay.connect(tls=CERTIFICATES.client)
        _, half = await asyncio.open_connection("127.0.0.1", relay.port)
        await until(lambda: relay.acceptor._open == 2)
        await relay.stop(grace=5)
        assert (await idle.reply()).startswith("421 4.3.2")
        half.close()

    run(play, listener=IMPLICIT, tls=CERTIFICATES.server)


def test_a_client_that_vanishes_in_the_middle_of_a_message_delivers_nothing() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await encrypted(relay)
        await client.say("EHLO x")
        await client.envelope("b@there.example")
        await client.say("DATA")
        client.send(MESSAGE)
        client.reset()
        await until(lambda: not relay.relay.connected)
        assert upstream.taken == []

    run(play, listener=OFFERED, tls=CERTIFICATES.server)


@pytest.mark.parametrize("listener", [OFFERED, IMPLICIT])
def test_smtplib_over_tls(listener: Listener) -> None:
    def client(port: int) -> None:
        if listener is IMPLICIT:
            connection: smtplib.SMTP = smtplib.SMTP_SSL("127.0.0.1", port, context=unchecked())
        else:
            connection = smtplib.SMTP("127.0.0.1", port)
            connection.starttls(context=unchecked())
        with connection:
            connection.sendmail("a@b.example", ["c@d.example"], MESSAGE)

    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        await asyncio.to_thread(client, relay.port)
        assert len(upstream.taken) == 1

    run(play, listener=listener, tls=CERTIFICATES.server)


def unchecked() -> ssl.SSLContext:
    """smtplib checks the certificate against the address, which is none of its names."""
    context = ssl.create_default_context()
    context.check_hostname = False
    CERTIFICATES.authority.configure_trust(context)
    return context
