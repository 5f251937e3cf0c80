"""Takes a connection from its first octet to the end of its TLS handshake."""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable

from tracker.responses import NOT_HTTPS
from tracker.tls.alerts import Alert, Refused
from tracker.tls.certificates import Certificates
from tracker.tls.client_hello import MAX_BYTES, ClientHello, NotTls
from tracker.tls.contexts import HTTP
from tracker.tls.metrics import Outcome, TlsMetrics
from tracker.tls.peeking import Gone, read_client_hello

log = logging.getLogger("waypost.tracker")

HELLO_SECONDS = 10.0  # for a ClientHello to come whole
HANDSHAKE_SECONDS = 10.0  # and for all that follows; nginx allows 60 for both
# A client that is gone answers no close_notify, and one that is there need not: RFC 8446 section 6.1.
SHUTDOWN_SECONDS = 2.0

_OUTCOMES = {Alert.UNRECOGNIZED_NAME: Outcome.UNKNOWN_NAME, Alert.INTERNAL_ERROR: Outcome.LATE}


class Handshakes:
    """Of all connections of one server. Never logs what one client can make it log again and again.

    `wait_seconds`: how long a client waits for a certificate that is not at hand.
    """

    def __init__(
        self,
        certificates: Certificates,
        metrics: TlsMetrics,
        *,
        wait_seconds: float,
        hello_seconds: float = HELLO_SECONDS,
        handshake_seconds: float = HANDSHAKE_SECONDS,
    ) -> None:
        self._certificates = certificates
        self._metrics = metrics
        self._wait_seconds = wait_seconds
        self._hello_seconds = hello_seconds
        self._handshake_seconds = handshake_seconds

    def turned_away(self) -> None:
        """Count a connection for which there is no room."""
        self._metrics.handshake(Outcome.CROWDED)

    async def serve(
        self, sock: socket.socket, new_protocol: Callable[[str | None], asyncio.BaseProtocol]
    ) -> None:
        """Connect a protocol, made for the name that the client asked for, or end the connection."""
        outcome = Outcome.FAILED
        try:
            outcome = await self._serve(sock, new_protocol)
        except NotTls:
            outcome = Outcome.REFUSED
            _end(sock, NOT_HTTPS.message() if _is_http(sock) else b"")
        except Refused as refused:
            outcome = _OUTCOMES.get(refused.alert, Outcome.REFUSED)
            _end(sock, refused.alert.record())
        except (TimeoutError, ConnectionAbortedError):  # the latter is how uvloop tells of its own timer
            outcome = Outcome.SLOW
            sock.close()
        except (Gone, OSError) as error:  # ssl.SSLError is one
            log.debug("a TLS handshake failed: %s", error)
            sock.close()
        finally:
            self._metrics.handshake(outcome)

    async def _serve(
        self, sock: socket.socket, new_protocol: Callable[[str | None], asyncio.BaseProtocol]
    ) -> Outcome:
        hello = await read_client_hello(sock, self._hello_seconds)
        context = await self._context(hello)
        await asyncio.get_running_loop().connect_accepted_socket(
            lambda: new_protocol(hello.server_name),
            sock,
            ssl=context,
            ssl_handshake_timeout=self._handshake_seconds,
            ssl_shutdown_timeout=SHUTDOWN_SECONDS,
        )
        return Outcome.DONE

    async def _context(self, hello: ClientHello) -> ssl.SSLContext:
        # OpenSSL as Python drives it would go on without a protocol, and answer FTP in our name (ALPACA).
        if hello.protocols and HTTP.encode() not in hello.protocols:
            raise Refused(Alert.NO_APPLICATION_PROTOCOL, "it speaks no HTTP/1.1")
        context = self._certificates.at_hand(hello.server_name)
        if context is None and hello.server_name is not None:
            context = await self._obtain(hello.server_name)
        if context is None:
            raise Refused(Alert.UNRECOGNIZED_NAME, "no such name here")
        return context

    async def _obtain(self, host: str) -> ssl.SSLContext | None:
        try:
            async with asyncio.timeout(self._wait_seconds):
                return await self._certificates.obtain(host)
        except TimeoutError:
            raise Refused(Alert.INTERNAL_ERROR, "its certificate did not come in time") from None


def _is_http(sock: socket.socket) -> bool:
    """Tell whether it looks like a method: somebody took the port for one of plain HTTP."""
    try:
        return sock.recv(1, socket.MSG_PEEK).isupper()
    except OSError:
        return False


def _end(sock: socket.socket, last_words: bytes) -> None:
    """Say why and close. What is still unread would make the close a reset, and that outruns the words."""
    with sock, contextlib.suppress(OSError):
        sock.send(last_words)
        sock.recv(MAX_BYTES)
