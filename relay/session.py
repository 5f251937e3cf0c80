"""One connection of a client: aiosmtpd's handling of connections, with a command loop of our own.

aiosmtpd 1.4.6 decodes addresses as RFC 2047 headers, refuses most ESMTP parameters, answers a fault of ours
with `500` and its text, buffers a message without line endings without bound, restarts its one timer on any
command, and leaves its STARTTLS to the event loop's private parts. So the loop, the parsers, the timers, TLS
and DATA are ours; connections are its.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterable
from typing import Any, Protocol, cast

from aiosmtpd.smtp import SMTP

from connections.proxy_protocol import SIGNATURE
from relay.dialogue import Dialogue
from relay.dialogue_port import ConnectionOver, Host
from relay.envelope import LOCAL
from relay.listener import Listener
from relay.lmtp import LmtpDialogue
from relay.replies import Reply
from relay.session_timer import SessionTimer

_log = logging.getLogger("waypost.relay")

MAX_COMMAND = 4096  # octets; RFC 5321 section 4.5.3.1.4 asks for 512, and extensions add to it
LINGER_SECONDS = 30.0  # for a last reply that the client does not read
_PIECE = 256 * 1024  # octets; the most that asyncio reads at once

_CLOSING = Reply(421, "4.3.2", "Shutting down, try again later")
_SILENT = Reply(421, "4.4.2", "Nothing was said for too long")
_STALLED = Reply(421, "4.4.2", "The message stopped coming")
_SLOW = Reply(421, "4.4.2", "The message came too slowly")
_NO_MESSAGE = Reply(421, "4.4.2", "No message was sent for too long")
_STRAY_PROXY = Reply(421, "4.7.0", "No PROXY header is taken from this address")

# It logs each command line with its addresses; `mail_log` is the one place for those.
logging.getLogger("mail.log").setLevel(logging.WARNING)


class SessionHost(Host, Protocol):
    """A host that knows who is connected."""

    @property
    def tls(self) -> ssl.SSLContext | None: ...

    def opened(self, session: "SmtpSession", task: asyncio.Task[None]) -> None: ...

    def closed(self, session: "SmtpSession") -> None: ...


class _NoHooks:
    """aiosmtpd's handler: there is none."""

    def __dir__(self) -> Iterable[str]:
        return ()


class SmtpSession(SMTP):
    """One connection of a client. `address` is its IP address, "" on a Unix socket."""

    line_length_limit = 64 * 1024  # octets: how far the stream reader looks for a line ending

    def __init__(
        self, host: SessionHost, listener: Listener, address: str, on_closed: Callable[[], None]
    ) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(_NoHooks(), hostname=host.settings.hostname, ident="Waypost", loop=loop)
        self._host = host
        self._listener = listener
        self._address = address
        self._on_closed = on_closed
        self._timer = SessionTimer(loop, self._expired)
        self._patience_ends = loop.time() + host.settings.session_timeout
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
        self._timer.cancel()
        transport = self._writer.transport
        transport.close()
        if transport.get_write_buffer_size():
            self.loop.call_later(LINGER_SECONDS, transport.abort)
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

    def connection_lost(self, error: Exception | None) -> None:
        """End: of all the ways to lose a client, from time-out to TLS alert, none differs from another."""
        super().connection_lost(error and ConnectionResetError())

    def eof_received(self) -> bool | None:
        """Let a client that has said all finish: aiosmtpd would drop what it pipelined."""
        return asyncio.StreamReaderProtocol.eof_received(self)

    def _reset_timeout(self, duration: float | None = None) -> None:
        """Put ours where aiosmtpd has its one timer, which it cancels when the connection is lost."""
        self._timeout_handle = cast(asyncio.TimerHandle, self._timer)

    async def _handle_client(self) -> None:
        try:
            await self._converse()
        except ConnectionOver as over:
            self._end_with(over.reply)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client is gone
        finally:
            if self._dialogue is not None:
                self._dialogue.end()
            if self._draining and not self._over:
                self._end_with(_CLOSING)

    async def _converse(self) -> None:
        kind = LmtpDialogue if self._listener.lmtp else Dialogue
        self._dialogue = dialogue = kind(self._host, self._listener, self._address, self)
        await self.say(f"220 {self.hostname} {kind.protocol} Waypost\r\n".encode("ascii"))
        while not (self._draining or self._over):
            line = await self.read_line()
            reply = await dialogue.obey(line) if isinstance(line, bytes) else line
            if reply is not None:
                if reply.closing:
                    self._know_last(reply)
                await self.say(reply.encode())

    async def read_line(self) -> bytes | Reply:
        """Return a line without its ending, or what to answer to something that is none."""
        self._wait_for_command()
        try:
            line = await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError:
            return Reply(421, "4.5.2", "That is no command")
        finally:
            self._timer.pause()
        if len(line) > MAX_COMMAND:
            return Reply(500, "5.5.2", "The line is too long")
        if line.startswith(b"PROXY ") or (
            line == b"\r\n" and _buffer(self._reader).startswith(SIGNATURE[2:])
        ):
            _log.warning("a PROXY header came from %s, which relay.proxy_peers does not list", self._address)
            return _STRAY_PROXY
        return line.rstrip(b"\r\n")

    # What the dialogue needs of the connection

    @property
    def tls(self) -> str:
        """What is spoken: version and cipher suite; "" without TLS."""
        transport = self._writer.transport
        cipher, tls = transport.get_extra_info("cipher"), transport.get_extra_info("ssl_object")
        return f"{tls.version()} {cipher[0]}" if tls and cipher else ""

    @property
    def at_end(self) -> bool:
        """Whether the client has closed its side, and all that it said was read."""
        return self._reader.at_eof()

    async def say(self, lines: bytes) -> None:
        """Write replies; wait while the client does not read them."""
        self._writer.write(lines)
        if self._writer.transport.get_write_buffer_size():
            self._wait_for_command()
            await self._writer.drain()
            self._timer.pause()

    def expect_message(self) -> None:
        """Begin to measure how a message comes."""
        self._window_ends = self.loop.time() + self._host.settings.data_timeout
        self._came = 0

    async def read_piece(self) -> bytes:
        """Return what came of a message."""
        settings = self._host.settings
        # Not `_wait`: a message may take as long as its size and the minimum rate allow.
        self._timer.set(self.loop.time() + settings.data_timeout, _STALLED)
        piece = await self._reader.read(_PIECE)
        self._timer.pause()
        self._came += len(piece)
        now = self.loop.time()
        if now >= self._window_ends:
            if self._came < settings.minimum_rate * settings.data_timeout:
                raise ConnectionOver(_SLOW)
            self._window_ends, self._came = now + settings.data_timeout, 0
        return piece

    def give_back(self, rest: bytes) -> None:
        """Put back what stood behind the final dot."""
        _buffer(self._reader)[:0] = rest

    def message_taken(self) -> None:
        """Be patient again."""
        self._patience_ends = self.loop.time() + self._host.settings.session_timeout

    async def start_tls(self, go_ahead: Reply) -> None:
        """Say so, and do the handshake. Raises what ends the connection.

        What was pipelined behind STARTTLS may have been put there by somebody in between, and is dropped
        [RFC 3207 section 6, CVE-2011-0411]. Nothing may be awaited before the transport is replaced: the
        client's first bytes of TLS would end up among the commands.
        """
        context = self._host.tls
        if context is None:
            raise ConnectionOver(Reply(421, "4.7.0", "TLS is not available"))
        _buffer(self._reader).clear()
        plain = self._writer.transport
        plain.write(go_ahead.encode())
        try:
            encrypted = await self.loop.start_tls(
                plain,
                self,
                context,
                server_side=True,
                ssl_handshake_timeout=self._host.settings.handshake_timeout,
            )
        except OSError as error:
            _log.info("TLS with %s failed: %s", self._address, error)
            plain.abort()
            raise ConnectionAbortedError from None
        if encrypted is None:
            raise ConnectionAbortedError
        _replace_transport(self, self._reader, self._writer, encrypted)

    # Timers

    def _wait_for_command(self) -> None:
        self._wait(self._host.settings.command_timeout, _SILENT)

    def _wait(self, seconds: float, reply: Reply) -> None:
        deadline = self.loop.time() + seconds
        if self._patience_ends < deadline:
            deadline, reply = self._patience_ends, _NO_MESSAGE
        self._timer.set(deadline, reply)

    def _expired(self, reply: Reply) -> None:
        if self._writer.transport.get_write_buffer_size():
            self._writer.transport.abort()  # it does not read: it would not hear that it is over
        else:
            self._reader.set_exception(ConnectionOver(reply))

    def _end_with(self, reply: Reply) -> None:
        self._know_last(reply)
        self._writer.write(reply.encode())

    def _know_last(self, reply: Reply) -> None:
        """Read no more of this client; where it is sent away for what it did, operators are told."""
        self._over = True
        if reply.code == 421 and reply is not _CLOSING:
            self._host.metrics.sent_away()
            _log.info("%s was sent away: %s", self._address or LOCAL, reply.line())


def _buffer(reader: asyncio.StreamReader) -> bytearray:
    """What has come and was not read yet: StreamReader has no public way to look at it or to put back."""
    return cast(bytearray, cast(Any, reader)._buffer)


def _replace_transport(session: Any, reader: Any, writer: Any, encrypted: asyncio.Transport) -> None:
    """As StreamWriter.start_tls does it, which awaits before it has replaced the protocol."""
    session.transport = session._transport = encrypted
    reader._transport = writer._transport = encrypted
    reader._paused = False
    session._over_ssl = True
