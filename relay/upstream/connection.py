"""One connection to an SMTP server, greeted and logged in: commands, groups of them, and the message.

A connection that failed, was cancelled or is out of step is closed, never used again: its next command would
read the previous reply.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Self

from relay.replies import Reply
from relay.upstream.handshake import shake_hands
from relay.upstream.port import Capabilities, ConnectionLost, OutcomeUnknown
from relay.upstream.smtp_server import SmtpServer
from relay.upstream.wire import Wire

_PIECE = 256 * 1024  # octets written at once
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
# What a server says that does not know BDAT, whatever it offered: something between us filters it.
_NO_SUCH_COMMAND = (500, 501, 502, 503, 504)


class ChunkingBroken(ConnectionLost):
    """The server offers BDAT and does not know it: a way of ours to send, so no reason to bounce mail."""


class Silent(ConnectionLost):
    """The server did not answer in time."""


class Connection:
    """Made by `open`. `message_out` says whether the last octet of the last message went out."""

    def __init__(self, wire: Wire, capabilities: Capabilities, server: SmtpServer) -> None:
        self._wire = wire
        self._server = server
        self.capabilities = capabilities
        self.transactions = 0  # begun on it; where there was one, the server may have closed it since
        self.message_out = False

    @classmethod
    async def open(cls, server: SmtpServer) -> Self:
        """Connect. Raises Unreachable."""
        return cls(*await shake_hands(server), server)

    @property
    def usable(self) -> bool:
        """Whether it is open and in step."""
        return self._wire.in_step

    async def command(self, line: bytes) -> Reply:
        """Say one command. Raises ConnectionLost."""
        return (await self.commands(line))[0]

    async def commands(self, *lines: bytes) -> list[Reply]:
        """Say commands in one group where the server takes groups, and return the replies, in order.

        Behind a 421 there are no more replies; without PIPELINING a refusal of the first ends it too. Raises
        ConnectionLost.
        """
        async with self._guarded(self._server.reply_timeout):
            if self.capabilities.pipelining:
                self._wire.write(b"".join(map(_line, lines)), replies=len(lines))
            replies: list[Reply] = []
            for line in lines:
                if not self.capabilities.pipelining:
                    self._wire.write(_line(line), replies=1)
                replies.append(await self._wire.reply())
                if replies[-1].code == 421:
                    self.close()
                    break
                if not self.capabilities.pipelining and not replies[0].accepted:
                    break
            return replies

    async def message(self, content: bytes) -> Reply:
        """Send a message behind accepted recipients. Raises ConnectionLost, OutcomeUnknown.

        It is whole with the final dot, or with the last octet of BDAT LAST: before that no server may take
        it, behind that any may have. Octets that the system still holds count as sent.
        """
        self.message_out = False
        try:
            if self.capabilities.chunking:
                return await self._bdat(content)
            return await self._data(content)
        except ConnectionLost as error:
            if self.message_out:
                raise OutcomeUnknown(str(error)) from error
            raise

    def close(self) -> None:
        """Close at once."""
        self._wire.close()

    def quit(self) -> None:
        """Take leave, and close without waiting for the answer."""
        self._wire.quit()

    async def _data(self, content: bytes) -> Reply:
        async with self._guarded(self._server.data_timeout):
            self._wire.write(b"DATA\r\n", replies=1)
            reply = await self._wire.reply()
            if reply.code != 354:
                return self._ending(reply)
        async with self._guarded(None):
            with suppress(ConnectionLost):  # the reply has it too, or what was said before
                await self._write(_stuffed(content), b".\r\n")
            return self._ending(await self._wire.reply())

    async def _bdat(self, content: bytes) -> Reply:
        """One round trip, no dots to double: RFC 3030."""
        async with self._guarded(None):
            self._wire.write(b"BDAT %d LAST\r\n" % len(content), replies=1)
            with suppress(ConnectionLost):
                await self._write(_pieces(content), b"")
            reply = self._ending(await self._wire.reply())
        if not reply.accepted:
            self.close()  # the state behind a refused BDAT is indeterminate [RFC 3030 section 2]
        if reply.code in _NO_SUCH_COMMAND:
            self.message_out = False
            raise ChunkingBroken(f"BDAT was offered, and refused: {reply.line()}")
        return reply

    async def _write(self, pieces: Iterable[bytes], end: bytes) -> None:
        """Write it, unless an answer is there before it is out: a server may refuse early, never accept."""
        last = b""
        for piece in pieces:
            if self._wire.answered:
                return
            if last:
                self._wire.write(last)
                await self._wire.drain()
            last = piece
        if not self._wire.answered:
            self._wire.write(last + end)
            self.message_out = True

    def _ending(self, reply: Reply) -> Reply:
        """Check a reply that ends the transaction. Raises ConnectionLost for one that makes no sense here."""
        if reply.code < 400 and not (reply.accepted and self.message_out):
            self.close()
            raise ConnectionLost(f"reply {reply.line()} to the message")
        if reply.code == 421 or not (self.message_out and self.usable):
            self.close()  # refused before it was out, the server still has the envelope: MAIL would be 503
        return reply

    @asynccontextmanager
    async def _guarded(self, seconds: float | None) -> AsyncIterator[None]:
        """Close where it fails, is cancelled, or takes longer."""
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError as error:
            self.close()
            raise Silent(f"no reply within {seconds} s") from error
        except BaseException:
            self.close()
            raise


def _line(command: bytes) -> bytes:
    """End a command. A control character would begin one of somebody else's."""
    if _CONTROL.search(command):
        raise ConnectionLost("a command with a control character")
    return command + b"\r\n"


def _pieces(content: bytes) -> Iterator[bytes]:
    for at in range(0, len(content), _PIECE):
        yield content[at : at + _PIECE]


def _stuffed(content: bytes) -> Iterator[bytes]:
    """Yield it in pieces, the dot at the start of a line doubled [RFC 5321 section 4.5.2].

    Piece by piece: to copy 25 MB at once would hold up all other clients.
    """
    before = b"\r\n"
    for piece in _pieces(content):
        yield (before + piece).replace(b"\r\n.", b"\r\n..")[len(before) :]
        before = (before + piece[-2:])[-2:]
