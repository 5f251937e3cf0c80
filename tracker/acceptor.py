"""Accepts where something comes before HTTP: a PROXY header, a TLS handshake, or both."""

import asyncio
import logging
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Network, IPv6Network

from connections.accepting import Door
from connections.address_limit import AddressLimit, Crowded
from connections.addresses import is_among
from connections.proxy_protocol import BadHeader, NoHeader, read_source
from tracker.tls.handshakes import Handshakes

log = logging.getLogger("waypost.tracker")

BACKLOG = 2048  # the kernel takes somaxconn at most, 4,096 by default
PROXY_SECONDS = 5.0
# Connections of one address that are not served yet. A browser opens six to a host, a mail provider's proxy
# dozens; of somebody who opens them and says nothing this is the most that he gets.
MAX_ARRIVING = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What is known of a connection before its first request."""

    address: str | None = None  # of the client, where a proxy said so
    server_name: str | None = None  # that the client asked for in TLS


class Acceptor:
    """Connections from `proxies` begin with a PROXY header; others have none.

    `has_room` tells whether one more may come, beside so many that are not served yet.
    """

    def __init__(
        self,
        new_protocol: Callable[[Origin], asyncio.BaseProtocol],
        has_room: Callable[[int], bool],
        *,
        proxies: Sequence[IPv4Network | IPv6Network] = (),
        handshakes: Handshakes | None = None,
    ) -> None:
        self._new_protocol = new_protocol
        self._has_room = has_room
        self._proxies = tuple(proxies)
        self._handshakes = handshakes
        self._by_address = AddressLimit(MAX_ARRIVING)
        self._arriving: set[asyncio.Task[None]] = set()
        self._doors: list[Door] = []

    def start(self, plain: Iterable[socket.socket], secure: Iterable[socket.socket]) -> None:
        """Accept on bound sockets, which belong to the acceptor from then on. Raises OSError."""
        for sock in plain:
            self._doors.append(Door(sock, partial(self._take, None), backlog=BACKLOG, at_once=1))
        for sock in secure:
            self._doors.append(Door(sock, partial(self._take, self._handshakes), backlog=BACKLOG, at_once=1))

    async def stop(self) -> None:
        """Accept no more, and end what is not served yet."""
        for door in self._doors:
            door.close()
        self._doors.clear()
        arriving = list(self._arriving)
        for task in arriving:
            task.cancel()
        await asyncio.gather(*arriving, return_exceptions=True)

    def _take(self, handshakes: Handshakes | None, sock: socket.socket, address: str) -> None:
        if not self._has_room(len(self._arriving)):
            _turn_away(sock, handshakes)
            return
        sock.setblocking(False)
        task = asyncio.create_task(self._admit(handshakes, sock, address))
        self._arriving.add(task)
        task.add_done_callback(partial(self._arrived, sock))

    def _arrived(self, sock: socket.socket, task: asyncio.Task[None]) -> None:
        self._arriving.discard(task)
        if task.cancelled():
            sock.close()

    async def _admit(self, handshakes: Handshakes | None, sock: socket.socket, peer: str) -> None:
        try:
            named = await _source(sock) if is_among(peer, self._proxies) else None
            with self._by_address.place(named or peer):
                await self._serve(handshakes, sock, named)
        except Crowded:
            _turn_away(sock, handshakes)
        except (BadHeader, NoHeader, TimeoutError, OSError) as error:
            log.debug("a connection from %s was not served: %s", peer, error)
            sock.close()
        except Exception:  # nobody awaits this task: the fault would be told late, and the socket left open
            log.exception("a connection was lost")
            sock.close()

    async def _serve(self, handshakes: Handshakes | None, sock: socket.socket, address: str | None) -> None:
        if handshakes is not None:
            await handshakes.serve(
                sock, lambda name: self._new_protocol(Origin(address=address, server_name=name))
            )
            return
        await asyncio.get_running_loop().connect_accepted_socket(
            lambda: self._new_protocol(Origin(address=address)), sock
        )


def _turn_away(sock: socket.socket, handshakes: Handshakes | None) -> None:
    if handshakes is not None:
        handshakes.turned_away()
    sock.close()


async def _source(sock: socket.socket) -> str | None:
    async with asyncio.timeout(PROXY_SECONDS):
        return await read_source(sock)
