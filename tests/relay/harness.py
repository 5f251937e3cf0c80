"""A running relay with everything around it faked but SMTP, and a client that says bytes."""

import asyncio
import itertools
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Iterator
from ipaddress import ip_network
from types import TracebackType
from typing import Any, Self

from prometheus_client import CollectorRegistry

from accounts.directory import AccountDirectory
from accounts.lockout import Lockout, LockoutRule
from accounts.model import Network
from accounts.rate_limits import RateLimits
from domains.directory import Directory
from events.model import MessageRecord, Outcome, Record
from links.key_ring import KeyRing
from relay.acceptor import Acceptor
from relay.admission import Admission
from relay.control.vendors import Profile
from relay.listener import Listener
from relay.metrics import RelayMetrics
from relay.pipeline import Pipeline, Rewrite
from relay.server import Relay
from relay.settings import LOOPBACK, RelaySettings, TrackingSettings
from relay.upstream.connection_pool import PoolLimits
from relay.upstream.per_project import Upstreams
from relay.upstream.port import Upstream
from relay.upstream.smtp_server import SmtpServer
from relay.upstream.smtp_upstream import SmtpUpstream
from rewriter.policy import Links, Policy
from rewriter.report import Edit, LinkReport, Report, Result
from tests.accounts.builders import project
from tests.smtp_upstream import reset

NOW = 1_795_000_000_000  # 2026-11-18, milliseconds
SYSTEM_DEFAULT = "http://localhost:8080"
RING = KeyRing.first(b"k" * 32, NOW)
DIRECTORY = Directory.build([], [], system_default=SYSTEM_DEFAULT)
OF_PIPELINE = frozenset(("ring", "rewrite", "profile", "switched_off"))
NO_ACCOUNTS = AccountDirectory.build([], [], [])
SMTP = Listener()
LINK = b"http://shop.example/sale"

MESSAGE = b"From: App <app@shop.example>\r\nMessage-ID: <1@shop.example>\r\nSubject: x\r\n\r\nhello\r\n"
TRACKED_MESSAGE = b"From: app@shop.example\r\n\r\n<a href=" + LINK + b">go</a>\r\n"


def rewrite_link(message: bytes, policy: Policy, links: Links) -> Result:
    """Track `LINK` where it stands, once: a rewriter small enough to be right."""
    start = message.find(LINK)
    tracked = links.click(LINK.decode(), 1)
    if start < 0 or tracked is None:
        return Result(message=message, report=Report())
    edit = Edit(start, start + len(LINK), tracked.encode())
    report = Report(links=(LinkReport(part="1", line=1, url=LINK.decode(), reason=None, number=1),))
    return Result(message=message.replace(LINK, edit.replacement, 1), report=report, edits=(edit,))


def smtp_upstream(
    *ports: int,
    pool_size: int = 4,
    pool_wait: float = 5.0,
    monotonic: Callable[[], float] = time.monotonic,
    pipelining: bool = False,
    **server: Any,
) -> SmtpUpstream:
    """Return an upstream on ports of this machine, with timeouts too long for a test.

    Commands go out one at a time unless a test asks for groups, so that each has a reply of its own.
    """
    server["pipelining"] = pipelining
    return SmtpUpstream(
        [SmtpServer(host="127.0.0.1", port=port, hostname="relay.test", **server) for port in ports],
        PoolLimits(size=pool_size, wait=pool_wait),
        monotonic=monotonic,
        jitter=lambda: 0.0,
    )


class Clock:
    """Seconds that pass only when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def numbered_bytes() -> Callable[[int], bytes]:
    """Return a source of `random` bytes: 1, 2, 3 …"""
    numbers: Iterator[int] = itertools.count(1)
    return lambda size: next(numbers).to_bytes(size, "big")


def pipeline_of(
    tracking: TrackingSettings,
    *,
    directory: Callable[[], Directory] = lambda: DIRECTORY,
    accounts: AccountDirectory | Callable[[], AccountDirectory] = NO_ACCOUNTS,
    ring: Callable[[], KeyRing] = lambda: RING,
    rewrite: Rewrite = rewrite_link,
    profile: Profile = Profile.NONE,
    switched_off: bool = False,
) -> Pipeline:
    """Return a pipeline with everything around it faked."""
    return Pipeline(
        tracking,
        directory=directory,
        accounts=(lambda: accounts) if isinstance(accounts, AccountDirectory) else accounts,
        ring=ring,
        rewrite=rewrite,
        profile=lambda project: profile,
        switched_off=lambda: switched_off,
    )


class RunningRelay:
    """The relay under test. `records` is what it gave to the journal.

    Of the other arguments those of `pipeline_of` go there, the rest into the settings.
    """

    def __init__(
        self,
        upstream: Upstream,
        *,
        tracking: TrackingSettings | None = None,
        record: Callable[[Record], object] | None = None,
        on_disk: Callable[[], Awaitable[bool]] | None = None,
        listener: Listener = SMTP,
        tls: ssl.SSLContext | None = None,
        hostname: str = "relay.test",
        networks: tuple[Network, ...] = LOOPBACK,
        accounts: Callable[[], AccountDirectory] | None = None,
        directory: Callable[[], Directory] = lambda: DIRECTORY,
        upstreams: Upstreams | None = None,
        bind_senders: bool = True,
        **settings: Any,
    ) -> None:
        of_pipeline = {name: settings.pop(name) for name in OF_PIPELINE & settings.keys()}
        tracking = tracking or TrackingSettings(unknown_senders=True)
        self.records: list[Record] = []
        self.clock = Clock()  # of locks and rates
        self.registry = CollectorRegistry()
        metrics = RelayMetrics(self.registry)
        only_networks = AccountDirectory.build([project()], [], [], default_networks=networks)
        accounts = accounts or (lambda: only_networks)
        self.relay = Relay(
            RelaySettings(hostname=hostname, **settings),
            upstreams=upstreams or Upstreams(upstream),
            admission=Admission(
                accounts=accounts,
                owner=lambda domain: directory().owner(domain),
                lockout=Lockout(LockoutRule(), self.clock),
                rates=RateLimits(self.clock),
                metrics=metrics,
                bind_senders=bind_senders,
            ),
            pipeline=pipeline_of(tracking, directory=directory, accounts=accounts, **of_pipeline),
            record=record or self.records.append,
            on_disk=on_disk,
            metrics=metrics,
            now=lambda: NOW,
            monotonic=time.monotonic,
            random_bytes=numbered_bytes(),
            tls=lambda: tls,
        )
        self.listener = listener
        self.acceptor = Acceptor(self.relay.adopt, max_connections=1_000, max_per_address=1_000)
        self.port = 0
        self.clients: list[Client] = []

    async def __aenter__(self) -> Self:
        listening = socket.create_server(("127.0.0.1", 0))
        self.port = listening.getsockname()[1]
        self.acceptor.start([(listening, self.listener)])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for client in self.clients:
            client.close()
        await self.stop(grace=5)

    async def stop(self, *, grace: float) -> None:
        """Stop as a server does: the door first."""
        self.acceptor.stop()
        await self.relay.stop(grace)

    async def connect(self, *, before: bytes = b"", tls: ssl.SSLContext | None = None) -> "Client":
        """Return a client that has read the greeting. `before` it says so much; or TLS from the start."""
        client = Client(
            *await asyncio.open_connection(
                "127.0.0.1", self.port, ssl=tls, server_hostname="relay.test" if tls else None
            )
        )
        self.clients.append(client)
        client.send(before)
        client.greeting = await client.reply()
        return client

    async def ready(self) -> "Client":
        """Return a client that has said EHLO."""
        client = await self.connect()
        await client.say("EHLO client.test")
        return client

    def counted(self, name: str, **labels: str) -> float:
        """Return the value of a metric, whose name is given without `waypost_`."""
        value = self.registry.get_sample_value(f"waypost_{name}", labels)
        assert value is not None, name
        return value

    @property
    def messages(self) -> list[MessageRecord]:
        """The message records, in order."""
        return [record for record in self.records if isinstance(record, MessageRecord)]

    @property
    def outcomes(self) -> list[Outcome]:
        """The outcomes, in order."""
        return [record for record in self.records if isinstance(record, Outcome)]


class Client:
    """Says lines, and reads replies as text: the lines of one reply joined by LF."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.greeting = ""

    async def say(self, line: str | bytes) -> str:
        """Say one line, and return the reply."""
        self.send(line.encode() + b"\r\n" if isinstance(line, str) else line)
        return await self.reply()

    def send(self, raw: bytes) -> None:
        """Say bytes as they are."""
        self._writer.write(raw)

    async def reply(self) -> str:
        """Return the next reply; "" where the connection ended."""
        lines = []
        async with asyncio.timeout(10):
            while line := await self._next_line():
                assert line.endswith(b"\r\n"), line
                assert line.isascii(), line
                lines.append(line[:-2].decode())
                if line[3:4] != b"-":
                    break
        return "\n".join(lines)

    async def _next_line(self) -> bytes:
        """A close with something unread is a reset."""
        try:
            return await self._reader.readline()
        except ConnectionResetError:
            return b""

    async def envelope(self, *recipients: str, sender: str = "app@shop.example") -> list[str]:
        """Say MAIL and the RCPTs; return the replies."""
        replies = [await self.say(f"MAIL FROM:<{sender}>")]
        return replies + [await self.say(f"RCPT TO:<{recipient}>") for recipient in recipients]

    async def data(self, message: bytes) -> str:
        """Say DATA and the message, stuffed; return the last reply."""
        go_ahead = await self.say("DATA")
        assert go_ahead.startswith("354"), go_ahead
        return await self.say((b"\r\n" + message).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n")

    async def deliver(self, message: bytes = MESSAGE, recipient: str = "b@there.example") -> str:
        """Say a whole transaction; return the last reply."""
        replies = await self.envelope(recipient)
        assert all(reply.startswith("250") for reply in replies), replies
        return await self.data(message)

    async def start_tls(self, tls: ssl.SSLContext) -> None:
        """Do the handshake."""
        await self._writer.start_tls(tls, server_hostname="relay.test")

    def close(self) -> None:
        """Hang up."""
        self._writer.close()

    def reset(self) -> None:
        """Hang up with a TCP reset."""
        reset(self._writer)

    def send_eof(self) -> None:
        """Say that nothing more will come."""
        self._writer.write_eof()

    async def at_end(self) -> bool:
        """Whether the relay closed the connection, with nothing said before."""
        async with asyncio.timeout(10):
            try:
                return await self._reader.read() == b""
            except ConnectionResetError:  # as in `_next_line`
                return True


async def until(condition: Callable[[], object]) -> None:
    """Let the loop run until the condition holds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what it waits for has no event
            await asyncio.sleep(0)


def without_received(content: bytes | None) -> bytes:
    """Return a relayed message without the Received field that the relay put in front."""
    assert content is not None
    assert content.startswith(b"Received: ")
    end = 0
    while True:
        end = content.index(b"\r\n", end) + 2
        if content[end : end + 1] not in (b"\t", b" "):
            return content[end:]


STRANGERS = (ip_network("192.0.2.0/24"),)
"""Networks that hold no client of these tests."""
