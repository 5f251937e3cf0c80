"""From an accepted connection to a session: the PROXY header where one is due, TLS where it comes first."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from connections.address_limit import AddressLimit
from connections.addresses import is_among
from connections.proxy_protocol import BadHeader, NoHeader, read_source
from relay.listener import Listener, Tls
from relay.session import SmtpSession
from relay.settings import RelaySettings

_log = logging.getLogger("waypost.relay")

NewSession = Callable[[Listener, str, Callable[[], None]], SmtpSession]


class Refusal(Exception):
    """The connection is closed without a word; why is for the log."""


class Arrivals:
    """Connections that are no sessions yet.

    `new_session` takes listener, address and what to call at its end.
    """

    def __init__(
        self, settings: RelaySettings, tls: Callable[[], ssl.SSLContext | None], new_session: NewSession
    ) -> None:
        self._settings = settings
        self._tls = tls
        self._new_session = new_session
        self._behind_proxies = AddressLimit(settings.max_per_address)
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, sock: socket.socket, listener: Listener, on_closed: Callable[[], None]) -> None:
        """Take a connection; `on_closed` is called once, at the end of the session or where there is none."""
        arrival = _Arrival(sock, on_closed)
        task = asyncio.create_task(self._receive(arrival, listener))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(arrival.settle)

    async def stop(self) -> None:
        """Close what has not become a session."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _receive(self, arrival: "_Arrival", listener: Listener) -> None:
        address = "?"
        try:
            sock = arrival.sock
            sock.setblocking(False)
            address = "" if sock.family == socket.AF_UNIX else sock.getpeername()[0]
            source = await self._source(arrival, address)
            arrival.session = self._new_session(listener, source, arrival.ending.close)
            await self._begin(arrival.session, sock, listener)
        except Refusal as refusal:
            _log.warning("a connection from %s was refused: %s", address, refusal)
        except (NoHeader, OSError) as error:
            _log.debug("a connection from %s ended before it was greeted: %s", address, error)

    async def _source(self, arrival: "_Arrival", address: str) -> str:
        """Return whom the connection is from, as its proxy says where it has one."""
        if not is_among(address, self._settings.proxy_peers):
            return address
        try:
            async with asyncio.timeout(self._settings.proxy_timeout):
                source = await read_source(arrival.sock)
        except TimeoutError:
            raise Refusal("its PROXY header did not come") from None
        except BadHeader as error:
            raise Refusal(f"its PROXY header is wrong: {error}") from None
        if source is None:
            return address
        if not self._behind_proxies.enter(source):
            raise Refusal(f"too many connections of {source} behind it")
        arrival.ending.callback(partial(self._behind_proxies.leave, source))
        return source

    async def _begin(self, session: SmtpSession, sock: socket.socket, listener: Listener) -> None:
        loop = asyncio.get_running_loop()
        if listener.tls is not Tls.IMPLICIT:
            await loop.connect_accepted_socket(lambda: session, sock)
            return
        context = self._tls()
        if context is None:
            raise Refusal("there is no certificate")
        await loop.connect_accepted_socket(
            lambda: session, sock, ssl=context, ssl_handshake_timeout=self._settings.handshake_timeout
        )


class _Arrival:
    """One of them, and what is due when it has ended."""

    def __init__(self, sock: socket.socket, on_closed: Callable[[], None]) -> None:
        self.sock = sock
        self.session: SmtpSession | None = None
        self.ending = ExitStack()
        self.ending.callback(on_closed)

    def settle(self, task: asyncio.Task[None]) -> None:
        """End it here where no session does; also where the task never took its first step."""
        if self.session is None or not self.session.begun:
            self.sock.close()
            self.ending.close()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a connection could not be taken", exc_info=error)
