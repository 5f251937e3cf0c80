"""What the relay needs of the next server. Adapters: `smtp_upstream`, `directory_upstream`, fakes in tests.

UpstreamError            answered with its `reply`, a 451; nothing is lost: the client has the message
├── Unreachable          no connection: refused, timed out, TLS, login
├── Busy                 all connections of the pool stayed in use
├── NotConfigured        the settings lack it
├── ConnectionLost       dropped, silent or speaking nonsense, before the final dot
└── OutcomeUnknown       the same after the final dot: the upstream may have taken the message
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from relay.envelope import Recipient, Sender
from relay.replies import Reply

_MAX_GROWTH = 256 * 1024  # octets


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a server said in its answer to EHLO."""

    size: int | None = None  # octets; 0: no fixed limit; None: SIZE not offered [RFC 1870]
    eight_bit: bool = False  # RFC 6152
    utf8: bool = False  # RFC 6531
    dsn: bool = False  # RFC 3461
    enhanced_codes: bool = False  # RFC 2034
    pipelining: bool = False  # RFC 2920; of this hop alone
    chunking: bool = False  # RFC 3030; of this hop alone


def room_for_growth(size: int) -> int:
    """Return how much of a size limit is kept free for what rewriting adds."""
    return min(_MAX_GROWTH, size // 4)


def shared(known: Sequence[Capabilities]) -> Capabilities:
    """Return what all servers of some can do; the smallest size limit, 0 where none has one."""
    sizes = [one.size for one in known if one.size]
    return Capabilities(
        size=min(sizes) if sizes else None if all(one.size is None for one in known) else 0,
        eight_bit=all(one.eight_bit for one in known),
        utf8=all(one.utf8 for one in known),
        dsn=all(one.dsn for one in known),
        enhanced_codes=all(one.enhanced_codes for one in known),
        pipelining=all(one.pipelining for one in known),
        chunking=all(one.chunking for one in known),
    )


class UpstreamError(Exception):
    """The upstream failed. The message is for the log; the client gets `reply`."""

    reply: ClassVar[Reply]


class Unreachable(UpstreamError):
    """There is no connection, and no transaction was begun."""

    reply = Reply(451, "4.4.1", "The next server cannot be reached, try again later")


class Busy(UpstreamError):
    """No connection became free in time."""

    reply = Reply(451, "4.4.5", "All connections to the next server are in use, try again later")


class NotConfigured(UpstreamError):
    """The settings do not have this upstream."""

    reply = Reply(451, "4.3.5", "The next server is not configured, try again later")


class ConnectionLost(UpstreamError):
    """The connection failed before the final dot went out: the message was not taken."""

    reply = Reply(451, "4.4.2", "The connection to the next server was lost, try again later")


class OutcomeUnknown(UpstreamError):
    """The connection failed after the final dot went out."""

    reply = Reply(451, "4.4.2", "The next server did not say whether it took the message, try again later")


class UpstreamTransaction(Protocol):
    """A transaction that may have recipients. Every method but `abort` and `abandon` raises UpstreamError.

    A reply of code 421 means that the upstream ended the connection; nothing more can be said in it.
    """

    @property
    def server(self) -> str:
        """Name the server that has it, for the log."""

    @property
    def replayed(self) -> bool:
        """Whether the envelope was said again, to a connection that took the place of a lost one."""

    @property
    def eight_bit(self) -> bool:
        """Whether the upstream takes 8-bit messages: one of its servers, where it has several."""

    async def recipient(self, recipient: Recipient) -> Reply: ...

    async def message(self, content: bytes, *, name: str) -> Reply:
        """Send the message and end the transaction. `content` has CRLF line endings only, the last line too.

        `name` is our id, for what the upstream keeps under a name. Raises OutcomeUnknown where the upstream
        may have taken it.
        """

    async def abandon(self) -> None:
        """Take back what was said; raises nothing."""

    def abort(self) -> None:
        """Drop the transaction at once, whatever state it is in."""


class Upstream(Protocol):
    """The next server."""

    async def capabilities(self) -> Capabilities | None:
        """Return what it can do, as last seen; None where it was never reached and cannot be now."""

    async def open(self, sender: Sender) -> tuple[Reply, UpstreamTransaction | None]:
        """Begin a transaction; it is None where the upstream refused. Raises UpstreamError.

        MAIL may be said only with the first recipient, to save a round trip. A refusal is then the reply to
        that recipient, and to all that follow.
        """

    async def close(self) -> None:
        """Close what is idle; transactions under way end by themselves."""
