"""What must hold whatever a client says: for property tests and for fuzzing."""

import asyncio
import itertools
import re
import time
from typing import Any, cast

from prometheus_client import CollectorRegistry

from accounts.directory import AccountDirectory
from accounts.lockout import Lockout, LockoutRule
from accounts.rate_limits import RateLimits
from events.model import Record
from relay.admission import Admission
from relay.envelope import Recipient, Sender
from relay.listener import Listener
from relay.metrics import Fault, RelayMetrics
from relay.replies import MAX_LINE, Reply
from relay.server import Relay
from relay.session import SmtpSession
from relay.settings import LOOPBACK, RelaySettings, TrackingSettings
from relay.upstream.per_project import Upstreams
from relay.upstream.port import Capabilities, ConnectionLost
from rewriter.policy import Mode
from tests.accounts.builders import project
from tests.relay.harness import DIRECTORY, NOW, pipeline_of

REPLY_LINE = re.compile(rb"[2-5][0-5][0-9][ -][ -~]*\r\n")
MAILBOX = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^"<>\s]*)(?:@[^<>\s]+)?')
SIZE_LIMIT = 2_000
ACCOUNTS = AccountDirectory.build([project()], [], [], default_networks=LOOPBACK)


def check_session(said: bytes) -> "Upstream":
    """Say it to a relay in pieces, and hang up; return the upstream with what it took.

    The first octet picks how the upstream behaves, the second how long the pieces are. Raises AssertionError
    where an invariant does not hold.
    """
    mood, step = (said[0], said[1] or 1) if len(said) > 1 else (0, 1)
    upstream = Upstream(mood)
    asyncio.run(_play(said[2:], upstream, step))
    return upstream


async def _play(said: bytes, upstream: "Upstream", step: int) -> None:
    metrics, closed = Metrics(CollectorRegistry()), list[bool]()
    relay = _relay(upstream, metrics)
    session = SmtpSession(relay, Listener(), "127.0.0.1", lambda: closed.append(True))
    wire = Wire()
    session.connection_made(cast(asyncio.Transport, wire))
    for at in range(0, len(said), step * step):
        await asyncio.sleep(0)
        if not wire.closed:
            session.data_received(said[at : at + step * step])
    if not wire.closed:
        session.eof_received()
    while not closed:  # noqa: ASYNC110 - the session's own task goes on meanwhile
        await asyncio.sleep(0)
    await relay.stop(grace=5)
    session.connection_lost(None)
    assert metrics.faults == []
    assert relay.budget.used == relay.connected == 0
    _check_replies(wire.written, upstream)
    _check_envelopes(upstream)


def _check_replies(written: bytes, upstream: "Upstream") -> None:
    lines = written.splitlines(keepends=True)
    for line in lines:
        assert REPLY_LINE.fullmatch(line), line
        assert len(line) <= MAX_LINE, line
    relayed = [line for line in lines if line.startswith(b"250 ") and b" waypost=" in line]
    assert len(relayed) <= len(upstream.taken) <= len(relayed) + 1  # the last one's client may be gone


def _check_envelopes(upstream: "Upstream") -> None:
    for content, recipients in upstream.taken:
        assert recipients
        assert b"\0" not in content
        assert content.endswith(b"\r\n")
        assert content.count(b"\r\n") == content.count(b"\r") == content.count(b"\n")
        assert len(content) <= SIZE_LIMIT + 1_000  # and the Received field
    for mailbox in upstream.mailboxes:
        assert MAILBOX.fullmatch(mailbox), mailbox
        assert not re.search(r"[\x00-\x1f\x7f]", mailbox), mailbox


def _relay(upstream: "Upstream", metrics: RelayMetrics) -> Relay:
    numbers = itertools.count()
    return Relay(
        RelaySettings(
            hostname="relay.test",
            max_message_size=SIZE_LIMIT,
            max_bytes_in_flight=10_000,
            max_recipients=3,
            error_delay=0,
        ),
        upstreams=Upstreams(upstream),
        admission=Admission(
            accounts=lambda: ACCOUNTS,
            owner=DIRECTORY.owner,
            lockout=Lockout(LockoutRule(), time.monotonic),
            rates=RateLimits(time.monotonic),
            metrics=metrics,
        ),
        pipeline=pipeline_of(TrackingSettings(mode=Mode.OFF)),
        record=_forget,
        metrics=metrics,
        now=lambda: NOW,
        monotonic=time.monotonic,
        random_bytes=lambda size: next(numbers).to_bytes(size, "big"),
    )


def _forget(record: Record) -> None:
    """Keep no record."""


class Metrics(RelayMetrics):
    """Knows which faults there were."""

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__(registry)
        self.faults: list[Fault] = []

    def failed(self, fault: Fault) -> None:
        self.faults.append(fault)


class Upstream:
    """Answers each step by the next bits of its mood, and keeps what it took."""

    server = "mx.example:25"
    replayed = False
    eight_bit = True

    def __init__(self, mood: int) -> None:
        self._mood = mood
        self._steps = 0
        self.mailboxes: list[str] = []
        self.taken: list[tuple[bytes, list[str]]] = []
        self._recipients: list[str] = []

    async def capabilities(self) -> Capabilities | None:
        return None if self._mood & 128 else Capabilities(size=0, eight_bit=True, utf8=True, dsn=True)

    async def open(self, sender: Sender) -> tuple[Reply, Any]:
        self.mailboxes.append(sender.mailbox)
        self._recipients = []
        reply = self._answer()
        return reply, self if reply.accepted else None

    async def recipient(self, recipient: Recipient) -> Reply:
        self.mailboxes.append(recipient.mailbox)
        reply = self._answer()
        if reply.accepted:
            self._recipients.append(recipient.mailbox)
        return reply

    async def message(self, content: bytes, *, name: str) -> Reply:
        reply = self._answer()
        if reply.accepted:
            self.taken.append((content, self._recipients))
        return reply

    async def abandon(self) -> None:
        """Nothing is kept."""

    def abort(self) -> None:
        """Nothing is kept."""

    async def close(self) -> None:
        """Nothing is open."""

    def _answer(self) -> Reply:
        self._steps += 1
        match (self._mood >> (self._steps % 7)) & 1, self._mood & 3:
            case 0, _:
                return Reply(250, "2.0.0", "ok")
            case _, 1:
                return Reply(550, "5.7.1", "no – nein\r\n250 yes")
            case _, 2:
                return Reply(421, "4.3.2", "leaving")
            case _:
                raise ConnectionLost("gone")


class Wire:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.written = b""
        self.closed = False

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def get_write_buffer_size(self) -> int:
        return 0

    def get_extra_info(self, name: str, default: object = None) -> object:
        return ("127.0.0.1", 40_000) if name == "peername" else default

    def pause_reading(self) -> None:
        """What comes is as much as was given."""

    def resume_reading(self) -> None:
        """What comes is as much as was given."""
