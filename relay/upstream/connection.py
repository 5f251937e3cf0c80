"""One connection to an SMTP server: aiosmtplib for connecting, TLS, login and commands, our own DATA step.

aiosmtplib's `data()` does not say whether the final dot went out, and that decides whether a failure means
"not taken" or "unknown". A connection that failed, was cancelled or is out of step is closed, never used
again: its next command would read the previous reply.
"""

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from aiosmtplib import SMTP, SMTPException, SMTPHeloError, SMTPResponse
from aiosmtplib.protocol import SMTPProtocol

from relay.replies import Reply, from_upstream
from relay.upstream.port import Capabilities, ConnectionLost, OutcomeUnknown, Unreachable

_PIECE = 256 * 1024  # octets written at once


class Security(StrEnum):
    """How the connection is protected; the scheme of the upstream's URL."""

    NONE = "smtp"
    STARTTLS = "smtp+starttls"  # required: without it there is no connection
    TLS = "smtps"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where to connect, and how. Times in seconds."""

    host: str
    port: int
    security: Security = Security.NONE
    tls: ssl.SSLContext | None = None  # None: the system's roots
    username: str = ""
    password: str = field(default="", repr=False)
    hostname: str = "localhost"  # ours, for EHLO
    connect_timeout: float = 30.0  # until MAIL can be said
    reply_timeout: float = 300.0  # for MAIL, RCPT, DATA [RFC 5321 section 4.5.3.2]
    final_timeout: float = 600.0  # from DATA until the last reply


class Connection:
    """A greeted connection, logged in where there is a login."""

    def __init__(self, client: SMTP, protocol: SMTPProtocol, server: SmtpServer) -> None:
        self._client = client
        self._protocol = protocol
        self._server = server
        self._dot_sent = False
        self.capabilities = _capabilities(client)
        self.used = False  # whether a transaction was begun on it: then the server may have closed it since

    @classmethod
    async def open(cls, server: SmtpServer) -> Self:
        """Connect. Raises Unreachable."""
        client = SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username or None,
            password=server.password or None,
            local_hostname=server.hostname,
            timeout=None,
            use_tls=server.security is Security.TLS,
            start_tls=server.security is Security.STARTTLS,
            tls_context=server.tls,
        )
        try:
            async with asyncio.timeout(server.connect_timeout):
                await client.connect()
                await _greet(client)
        except (SMTPException, OSError, ValueError) as error:  # ValueError: a host that is no name
            client.close()
            raise Unreachable(f"{server.host}:{server.port}: {_said(error)}") from error
        except asyncio.CancelledError:
            client.close()
            raise
        if client.protocol is None:
            raise Unreachable(f"{server.host}:{server.port}: closed after the greeting")
        return cls(client, client.protocol, server)

    @property
    def usable(self) -> bool:
        """Whether it is open and in step. A reply too many would answer the next command."""
        return self._client.is_connected and not self._protocol._buffer

    async def command(self, *words: bytes) -> Reply:
        """Say one command. Raises ConnectionLost."""
        try:
            response = await self._client.execute_command(*words, timeout=self._server.reply_timeout)
            reply = from_upstream(response.code, response.message)
        except (SMTPException, OSError, ValueError) as error:
            self.close()
            raise ConnectionLost(_said(error)) from error
        except asyncio.CancelledError:
            self.close()
            raise
        if reply.code == 421:
            self.close()
        return reply

    async def data(self, content: bytes) -> Reply:
        """Send a message. Raises ConnectionLost, OutcomeUnknown."""
        self._dot_sent = False
        try:
            async with asyncio.timeout(self._server.final_timeout):
                reply = await self.command(b"DATA")
                if reply.code == 354:
                    reply = await self._send(_stuffed(content))
                elif reply.code < 400:
                    raise ValueError(f"reply {reply.line()} to DATA")
        except (SMTPException, OSError, ValueError) as error:
            self.close()
            raise self._failure(_said(error)) from error
        except asyncio.CancelledError:
            self.close()
            raise
        return reply

    def close(self) -> None:
        """Close at once."""
        self._client.close()

    def quit(self) -> None:
        """Take leave, and close without waiting for the answer."""
        if self._client.is_connected:
            self._protocol.write(b"QUIT\r\n")
        self._client.close()

    async def _send(self, stuffed: bytes) -> Reply:
        # Listening begins before the first byte goes out: aiosmtplib drops what arrives while nobody listens,
        # and a server may refuse early.
        answer = asyncio.ensure_future(self._protocol.read_response(timeout=None))
        try:
            await asyncio.sleep(0)  # it begins now: uvloop may read from the socket before it runs a new task
            with suppress(ConnectionError):  # the answer has it too, or what was said before
                await self._write(stuffed, answer)
            response = await answer
        except asyncio.CancelledError:
            answer.cancel()
            raise
        reply = from_upstream(response.code, response.message)
        if reply.code < 400 and not (reply.accepted and self._dot_sent):
            raise ValueError(f"reply {reply.line()} to the message")
        if reply.code == 421 or not self._dot_sent:
            self.close()
        return reply

    async def _write(self, stuffed: bytes, answer: asyncio.Future[SMTPResponse]) -> None:
        """Write it and the final dot, unless an answer comes before."""
        last = max(0, len(stuffed) - 1) // _PIECE * _PIECE
        for start in range(0, last, _PIECE):
            self._protocol.write(stuffed[start : start + _PIECE])
            await self._protocol._drain_helper()
            if answer.done():
                return
        self._protocol.write(stuffed[last:] + b".\r\n")
        self._dot_sent = True

    def _failure(self, cause: str) -> ConnectionLost | OutcomeUnknown:
        return OutcomeUnknown(cause) if self._dot_sent else ConnectionLost(cause)


async def _greet(client: SMTP) -> None:
    """Say EHLO, where STARTTLS or the login have not; HELO to a server that does not know it."""
    if not client.is_ehlo_or_helo_needed:
        return
    try:
        await client.ehlo()
    except SMTPHeloError:
        await client.helo()


def _capabilities(client: SMTP) -> Capabilities:
    size = client.esmtp_extensions.get("size")
    return Capabilities(
        size=None if size is None else int(size) if size.isascii() and size.isdigit() else 0,
        eight_bit=client.supports_extension("8bitmime"),
        utf8=client.supports_extension("smtputf8"),
        dsn=client.supports_extension("dsn"),
        enhanced_codes=client.supports_extension("enhancedstatuscodes"),
    )


def _stuffed(content: bytes) -> bytes:
    """Double the dot at the start of a line [RFC 5321 section 4.5.2]."""
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__
