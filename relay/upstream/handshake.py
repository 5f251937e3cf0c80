"""From nothing to a connection on which MAIL can be said: connect, TLS, EHLO, login.

Whatever goes wrong is Unreachable, a 451: a fault of the settings or of the upstream never bounces mail.
"""

import asyncio
import ssl
from base64 import b64encode
from dataclasses import dataclass, field

from relay.replies import Reply
from relay.upstream.port import Capabilities, ConnectionLost, Unreachable
from relay.upstream.smtp_server import Security, SmtpServer
from relay.upstream.wire import Wire


@dataclass(frozen=True, slots=True)
class Extensions:
    """What a server said in its answer to EHLO: keywords in upper case, each with its parameters."""

    offered: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parsed(cls, text: str) -> "Extensions":
        """Read the lines of the answer; the first is the server's name."""
        offered: dict[str, str] = {}
        for line in text.split("\n")[1:]:
            keyword, _, parameters = line.partition(" ")
            # "AUTH=LOGIN" is how some old servers write it beside the right form, or instead of it.
            keyword, _, first = keyword.partition("=")
            offered.setdefault(keyword.upper(), f"{first} {parameters}".strip())
        return cls(offered)

    def __contains__(self, keyword: str) -> bool:
        return keyword in self.offered

    def capabilities(self, server: SmtpServer) -> Capabilities:
        """Return what of it concerns the relay."""
        size = self.offered.get("SIZE")
        return Capabilities(
            size=None if size is None else int(size) if size.isascii() and size.isdigit() else 0,
            eight_bit="8BITMIME" in self,
            utf8="SMTPUTF8" in self,
            dsn="DSN" in self,
            enhanced_codes="ENHANCEDSTATUSCODES" in self,
            pipelining=server.pipelining and "PIPELINING" in self,
            chunking=server.chunking and "CHUNKING" in self,
        )


async def shake_hands(server: SmtpServer) -> tuple[Wire, Capabilities]:
    """Connect, and return the wire with what the server can do. Raises Unreachable."""
    wire = Wire()
    try:
        async with asyncio.timeout(server.connect_timeout):
            await _connect(wire, server)
            extensions = await _introduce(wire, server)
            if server.username:
                await _log_in(wire, server, extensions)
    except TimeoutError:
        wire.close()
        raise Unreachable(f"no connection within {server.connect_timeout:g} s") from None
    except (ConnectionLost, OSError, ValueError) as error:  # ValueError: a host that is no name
        wire.close()
        raise Unreachable(_plain(error)) from error
    except BaseException:
        wire.close()
        raise
    return wire, extensions.capabilities(server)


async def _connect(wire: Wire, server: SmtpServer) -> None:
    context = _context(server) if server.security is Security.TLS else None
    await asyncio.get_running_loop().create_connection(
        lambda: wire,
        server.host,
        server.port,
        ssl=context,
        server_hostname=_tls_name(server) if context else None,
    )
    greeting = await wire.reply()
    if greeting.code != 220:
        raise Unreachable(f"the server does not want us: {greeting.line()}")


async def _introduce(wire: Wire, server: SmtpServer) -> Extensions:
    extensions = await _greet(wire, server)
    if server.security is Security.STARTTLS:
        if "STARTTLS" not in extensions:
            raise Unreachable("the server does not offer STARTTLS")
        await _encrypt(wire, server)
        extensions = await _greet(wire, server)  # what was said before in clear counts no more
    return extensions


async def _greet(wire: Wire, server: SmtpServer) -> Extensions:
    """Say EHLO, or HELO to a server that does not know it."""
    wire.write(f"EHLO {server.hostname}\r\n".encode("ascii"), replies=1)
    code, text = await wire.raw_reply()
    if code == 250:
        return Extensions.parsed(text)
    if code not in (500, 502, 504, 550):  # RFC 5321 section 3.2; 550 is how some say it
        raise Unreachable(f"EHLO was refused: {Reply(code, '', text).line()}")
    reply = await _said(wire, f"HELO {server.hostname}")
    if reply.code != 250:
        raise Unreachable(f"HELO was refused: {reply.line()}")
    return Extensions()


async def _encrypt(wire: Wire, server: SmtpServer) -> None:
    reply = await _said(wire, "STARTTLS")
    if reply.code != 220:
        raise Unreachable(f"STARTTLS was refused: {reply.line()}")
    transport = await asyncio.get_running_loop().start_tls(
        wire.transport, wire, _context(server), server_hostname=_tls_name(server)
    )
    if transport is None:
        raise ConnectionLost("the server closed the connection instead of speaking TLS")
    wire.encrypting(transport)


async def _log_in(wire: Wire, server: SmtpServer, extensions: Extensions) -> None:
    """Log in with PLAIN [RFC 4616], or LOGIN where a server knows only that."""
    mechanisms = extensions.offered.get("AUTH", "").upper().split()
    if "PLAIN" in mechanisms:
        initial = _base64(f"\0{server.username}\0{server.password}")
        reply = await _said(wire, f"AUTH PLAIN {initial}")
    elif "LOGIN" in mechanisms:
        reply = await _said(wire, "AUTH LOGIN")
        for answer in (server.username, server.password):
            if reply.code == 334:
                reply = await _said(wire, _base64(answer))
    else:
        raise Unreachable("the server offers no login with a password (AUTH PLAIN or LOGIN)")
    if reply.code != 235:
        raise Unreachable(f"the login as {server.username} was refused: {reply.line()}")


async def _said(wire: Wire, line: str) -> Reply:
    wire.write(line.encode("ascii") + b"\r\n", replies=1)
    return await wire.reply()


def _context(server: SmtpServer) -> ssl.SSLContext:
    return server.tls or ssl.create_default_context()


def _tls_name(server: SmtpServer) -> str:
    return server.tls_name or server.host


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode("ascii")


def _plain(error: BaseException) -> str:
    """Say in plain words what operators meet most."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not to be trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or error}"
    return str(error) or type(error).__name__
