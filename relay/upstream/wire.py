"""The wire to an SMTP server: bytes out, replies in, in the order of the commands.

A protocol of our own, since aiosmtplib 5.1 drops a reply that arrives while nobody waits for it: commands in
a group [RFC 2920] and an answer in the middle of a message cannot be read with it.
"""

import asyncio
import re
from collections import deque
from typing import cast

from relay.replies import Reply, from_upstream
from relay.upstream.port import ConnectionLost

MAX_REPLY = 32 * 1024  # octets with all its lines; an answer to EHLO has one or two thousand
_AROUND = len(b"250-\r\n")
_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?", re.DOTALL)


class Wire(asyncio.Protocol):
    """One connection. A reply that nobody asked for, or that is none, ends it: what follows has no meaning.

    What was answered before the connection ended can still be read.
    """

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._lines: list[tuple[int, str]] = []  # of a reply that is not complete
        self._replies: deque[tuple[int, str]] = deque()
        self._owed = 1  # replies that are to come; the greeting is the first
        self._news: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None  # while the transport's buffer is full
        self._end: str | None = None  # why nothing more comes

    @property
    def in_step(self) -> bool:
        """Whether it is open, and every command has had its reply."""
        return self._end is None and not (self._owed or self._replies or self._buffer or self._lines)

    @property
    def answered(self) -> bool:
        """Whether a reply, or the end, waits to be read."""
        return bool(self._replies) or self._end is not None

    @property
    def transport(self) -> asyncio.Transport:
        """The transport. Raises ConnectionLost."""
        transport = self._transport
        if self._end is not None or transport is None or transport.is_closing():
            raise ConnectionLost(self._end or "the connection broke")
        return transport

    def write(self, data: bytes, *, replies: int = 0) -> None:
        """Write bytes that will be answered by so many replies. Raises ConnectionLost."""
        transport = self.transport
        self._owed += replies
        transport.write(data)

    async def drain(self) -> None:
        """Wait until the buffer has room, or the connection ended."""
        if self._writable is not None:
            await asyncio.shield(self._writable)

    async def reply(self) -> Reply:
        """Return the next reply. Raises ConnectionLost."""
        return from_upstream(*await self.raw_reply())

    async def raw_reply(self) -> tuple[int, str]:
        """Return the next reply's code and text, its lines separated by LF. Raises ConnectionLost."""
        while not self._replies:
            if self._end is not None:
                raise ConnectionLost(self._end)
            self._news = asyncio.get_running_loop().create_future()
            try:
                await self._news
            finally:
                self._news = None
        return self._replies.popleft()

    def encrypting(self, transport: asyncio.Transport) -> None:
        """Go on over TLS; what came in clear behind the 220 may be injected [RFC 3207 section 6]."""
        self._buffer.clear()
        self._lines.clear()
        self._transport = transport

    def close(self) -> None:
        """Close at once; what is not sent yet is not sent."""
        self._ended("closed by us")
        if self._transport is not None:
            self._transport.abort()

    def quit(self) -> None:
        """Take leave, and close without waiting for the answer."""
        if self._end is None and self._transport is not None:
            self._transport.write(b"QUIT\r\n")
            self._ended("closed by us")
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended(f"the connection broke: {exc}" if exc else "the server closed the connection")

    def eof_received(self) -> bool:
        self._ended("the server closed the connection")
        return False  # closes our side too

    def pause_writing(self) -> None:
        self._writable = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    def data_received(self, data: bytes) -> None:
        if self._end is not None:
            return
        self._buffer += data
        *lines, rest = self._buffer.split(b"\n")
        self._buffer = rest
        try:
            for line in lines:
                self._take(bytes(line).removesuffix(b"\r"))
            if len(rest) + sum(len(text) + _AROUND for _, text in self._lines) > MAX_REPLY:
                raise ValueError("a reply without end")
        except ValueError as error:
            self._ended(f"nonsense from the server: {error}")
            self.close()

    def _take(self, line: bytes) -> None:
        """Take one line of a reply. Raises ValueError."""
        found = _LINE.fullmatch(line)
        code = int(found[1]) if found else 0
        if found is None or any(code != other for other, _ in self._lines):
            raise ValueError(ascii(line[:80].decode("ascii", "replace")))
        self._lines.append((code, (found[3] or b"").decode("utf-8", "surrogateescape").strip()))
        if found[2] == b"-":
            return
        text = "\n".join(text for _, text in self._lines)
        self._lines.clear()
        if not self._owed:  # mostly a 421 before the server closes
            self._ended(f"the server said {from_upstream(code, text).line()}")
            return
        if code != 354:  # it asks for the message, whose own reply may come as soon as the server likes
            self._owed -= 1
        self._replies.append((code, text))
        self._wake()

    def _ended(self, cause: str) -> None:
        """Know that nothing more comes; the first cause counts."""
        if self._end is None:
            self._end = cause
        self.resume_writing()
        self._wake()

    def _wake(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)
