"""The PROXY header, version 2: believed from listed peers, refused from others."""

import asyncio
import logging
import struct
from ipaddress import ip_address, ip_network

import pytest

from connections.proxy_protocol import SIGNATURE
from relay.listener import Listener, Tls
from tests.relay.certificates import Certificates
from tests.relay.harness import RunningRelay, until
from tests.relay.scene import run
from tests.smtp_upstream import ScriptedUpstream

PEERS = (ip_network("127.0.0.0/8"),)
CLIENTS = (ip_network("192.0.2.0/24"), ip_network("2001:db8::/32"))
CERTIFICATES = Certificates()


def header(source: str, *, command: int = 0x21, tlvs: bytes = b"") -> bytes:
    address = ip_address(source)
    family = 0x11 if address.version == 4 else 0x21
    body = address.packed * 2 + struct.pack("!HH", 40_000, 25) + tlvs
    return SIGNATURE + bytes((command, family)) + struct.pack("!H", len(body)) + body


@pytest.mark.parametrize("source", ["192.0.2.7", "2001:db8::7"])
def test_the_client_is_who_the_header_names(source: str) -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.connect(before=header(source, tlvs=b"\x04\x00\x03abc"))
        await client.say("EHLO x")
        assert (await client.deliver()).startswith("250")
        content = upstream.taken[0].content
        assert content is not None
        assert source.encode() in content.partition(b"\r\n")[0]

    run(play, proxy_peers=PEERS, networks=CLIENTS)


def test_12_who_may_relay_is_decided_by_the_header() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.connect(before=header("203.0.113.9"))
        await client.say("EHLO x")
        assert (await client.say("MAIL FROM:<a@b.example>")).startswith("550 5.7.1")

    run(play, proxy_peers=PEERS, networks=(*CLIENTS, *PEERS))


def test_the_proxy_may_speak_for_itself() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.connect(before=header("192.0.2.7", command=0x20))
        await client.say("EHLO x")
        assert (await client.deliver()).startswith("250")

    run(play, proxy_peers=PEERS, networks=PEERS)


def test_a_header_may_come_in_pieces_and_with_what_follows() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        for octet in header("192.0.2.7") + b"EHLO x\r\nMAIL FROM:<a@b.example>\r\n":
            writer.write(bytes((octet,)))
            await asyncio.sleep(0)
        await reader.readuntil(b"250 2.1.0")
        writer.close()

    run(play, proxy_peers=PEERS, networks=CLIENTS)


def test_it_stands_in_front_of_tls() -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        writer.write(header("192.0.2.7"))
        await writer.start_tls(CERTIFICATES.client, server_hostname="relay.test")
        assert (await reader.readline()).startswith(b"220 ")
        writer.close()

    run(
        play,
        proxy_peers=PEERS,
        networks=CLIENTS,
        listener=Listener(tls=Tls.IMPLICIT),
        tls=CERTIFICATES.server,
    )


@pytest.mark.parametrize(
    "said",
    [
        b"EHLO without.header\r\n" * 3,
        b"PROXY TCP4 192.0.2.7 192.0.2.1 40000 25\r\n",
        header("192.0.2.7", command=0x22),
        header("192.0.2.7", command=0x11),
        SIGNATURE + b"\x21\x00\x00\x00",  # unspecified
        SIGNATURE + b"\x21\x12\x00\x0c" + b"\0" * 12,  # UDP
        SIGNATURE + b"\x21\x31\x00\xd8" + b"\0" * 216,  # Unix
        SIGNATURE + b"\x21\x11\x00\x08" + b"\0" * 8,  # too short for its family
    ],
    ids=["none", "version 1", "command 2", "version 1 binary", "unspecified", "udp", "unix", "short"],
)
def test_what_is_no_header_ends_the_connection(said: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        assert (await relay.connect(before=said)).greeting == ""
        assert "a connection from 127.0.0.1 was refused: its PROXY header is wrong" in caplog.text

    run(play, proxy_peers=PEERS)


def test_a_header_that_does_not_come_is_not_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        assert (await relay.connect()).greeting == ""
        assert "its PROXY header did not come" in caplog.text

    run(play, proxy_peers=PEERS, proxy_timeout=0.01)


@pytest.mark.parametrize("said", [b"", SIGNATURE[:5]])
def test_a_health_check_is_no_error(said: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        await until(lambda: relay.acceptor._open)
        writer.write(said)
        writer.close()
        await until(lambda: not relay.acceptor._open)

    with caplog.at_level(logging.INFO):
        run(play, proxy_peers=PEERS)
    assert caplog.text == ""


@pytest.mark.parametrize(
    "said", [header("192.0.2.7"), b"PROXY TCP4 192.0.2.7 192.0.2.1 40000 25\r\n"], ids=["2", "1"]
)
def test_12_a_header_of_somebody_else_ends_the_connection(
    said: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        client = await relay.connect(before=said + b"EHLO x\r\nMAIL FROM:<a@b.example>\r\n")
        assert (await client.reply()).startswith("421 4.7.0 No PROXY header")
        assert await client.at_end()
        assert "a PROXY header came from 127.0.0.1" in caplog.text
        assert upstream.transactions == []

    run(play, proxy_peers=CLIENTS)


def test_connections_behind_a_proxy_are_counted_by_their_own_address(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def play(upstream: ScriptedUpstream, relay: RunningRelay) -> None:
        first = await relay.connect(before=header("192.0.2.7"))
        await relay.connect(before=header("192.0.2.7"))
        assert (await relay.connect(before=header("192.0.2.7"))).greeting == ""
        assert "too many connections of 192.0.2.7" in caplog.text
        assert (await relay.connect(before=header("192.0.2.8"))).greeting.startswith("220")
        await first.say("QUIT")
        await until(lambda: relay.relay.connected == 2)
        assert (await relay.connect(before=header("192.0.2.7"))).greeting.startswith("220")

    run(play, proxy_peers=PEERS, networks=CLIENTS, max_per_address=2)
