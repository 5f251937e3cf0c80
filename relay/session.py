"""One connection of a client: aiosmtpd's handling of connections, with a command loop of our own.

aiosmtpd 1.4.6 decodes addresses as RFC 2047 headers, refuses most ESMTP parameters, answers a fault of ours
with `500` and its text, buffers a message without line endings without bound, and restarts its one timer on
any command. So the loop, the parsers, the timers and DATA are ours; connections, and what TLS will need, are
its.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Protocol

from aiosmtpd.smtp import SMTP

from relay.dialogue import Dialogue, Host
from relay.listener import Listener
from relay.replies import Reply

MAX_COMMAND = 4096  # octets; RFC 5321 section 4.5.3.1.4 asks for 512, and extensions add to it
_CLOSING = Reply(421, "4.3.2", "Shutting down, try again later")

# It logs each command line with its addresses; `mail_log` is the one place for those.
logging.getLogger("mail.log").setLevel(logging.WARNING)


class SessionHost(Host, Protocol):
    """A host that knows who is connected."""

    def opened(self, session: "SmtpSession", task: asyncio.Task[None]) -> None: ...

    def closed(self, session: "SmtpSession") -> None: ...


class _NoHooks:
    """aiosmtpd's handler: there is none."""

    def __dir__(self) -> Iterable[str]:
        return ()


class SmtpSession(SMTP):
    """One connection of a client."""

    line_length_limit = 64 * 1024  # octets: how far the stream reader looks for a line ending

    def __init__(self, host: SessionHost, listener: Listener, on_closed: Callable[[], None]) -> None:
        super().__init__(
            _NoHooks(), hostname=host.settings.hostname, ident="Waypost", loop=asyncio.get_running_loop()
        )
        self._host = host
        self._listener = listener
        self._on_closed = on_closed
        self._dialogue: Dialogue | None = None
        self._draining = False
        self._over = False  # the client was told

    def __dir__(self) -> Iterable[str]:
        """Hide everything from aiosmtpd, which looks through all names of each new session: half its cost."""
        return ()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin. A task that is cancelled before its first step runs no `finally`: hence the callback."""
        super().connection_made(transport)
        if self._handler_coroutine is not None:
            self._host.opened(self, self._handler_coroutine)
            self._handler_coroutine.add_done_callback(self._ended)

    @property
    def begun(self) -> bool:
        """Whether there was a connection: it ends by itself then."""
        return self._handler_coroutine is not None

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._writer.close()
        self._host.closed(self)
        self._on_closed()

    def drain(self) -> None:
        """Send the client away: at once, or when its message is through."""
        self._draining = True
        if self._dialogue is None or not self._dialogue.past_data:
            self.cut()

    def cut(self) -> None:
        """End it now."""
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()

    def eof_received(self) -> bool | None:
        """Let a client that has said all finish: aiosmtpd would drop what it pipelined."""
        return asyncio.StreamReaderProtocol.eof_received(self)

    def _timeout_cb(self) -> None:
        """Each phase has its own timer."""

    async def _handle_client(self) -> None:
        try:
            await self._converse()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client is gone
        finally:
            if self._dialogue is not None:
                self._dialogue.end()
            if self._draining and not self._over:
                self._writer.write(_CLOSING.encode())

    async def _converse(self) -> None:
        peer = self._writer.get_extra_info("peername")
        if peer is None:  # gone before we looked
            return
        address = peer[0] if isinstance(peer, tuple) else ""
        self._dialogue = Dialogue(self._host, address, self._reader, self._say)
        await self._say(f"220 {self.hostname} ESMTP Waypost\r\n".encode("ascii"))
        while not (self._draining or self._over):
            if reply := await self._next_reply(self._dialogue):
                self._over = reply.code in (221, 421)
                await self._say(reply.encode())

    async def _say(self, lines: bytes) -> None:
        self._writer.write(lines)
        await self._writer.drain()

    async def _next_reply(self, dialogue: Dialogue) -> Reply | None:
        """Read a command and obey it; None where it is answered already."""
        try:
            async with asyncio.timeout(self._host.settings.command_timeout):
                line = await self._reader.readuntil(b"\n")
        except TimeoutError:
            return Reply(421, "4.4.2", "Nothing was said for too long")
        except asyncio.LimitOverrunError:
            return Reply(421, "4.5.2", "That is no command")
        if len(line) > MAX_COMMAND:
            return Reply(500, "5.5.2", "The line is too long")
        return await dialogue.obey(line.rstrip(b"\r\n"))
