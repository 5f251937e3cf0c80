"""Reads a ClientHello from a socket and leaves it there, for OpenSSL to read again."""

import asyncio
import socket

from tracker.tls.client_hello import MAX_BYTES, ClientHello, Incomplete, parse_client_hello


class Gone(Exception):
    """The connection ended before a ClientHello came whole: a health check, mostly."""


async def read_client_hello(sock: socket.socket, seconds: float) -> ClientHello:
    """Return what the client wants. Raises NotTls, Refused, Gone, OSError, and TimeoutError.

    A socket with half a ClientHello stays readable, so that waiting for more by itself would spin. It is
    woken when as many octets are there as the parser asks for (SO_RCVLOWAT, which poll obeys [socket(7)]),
    or when the client ends the connection: that is how fewer are told from slow ones.
    """
    parsed = _look(sock, 1)
    if isinstance(parsed, ClientHello):  # mostly: it comes in one piece, and as soon as it can
        return parsed
    async with asyncio.timeout(seconds):
        while isinstance(parsed, Incomplete):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, parsed.needed)
            await _readable(sock)
            parsed = _look(sock, parsed.needed)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
    return parsed


def _look(sock: socket.socket, wanted: int) -> ClientHello | Incomplete:
    try:
        data = sock.recv(MAX_BYTES, socket.MSG_PEEK)
    except BlockingIOError:
        return Incomplete(wanted)
    if len(data) < wanted:
        raise Gone
    return parse_client_hello(data)


async def _readable(sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    woken = loop.create_future()
    loop.add_reader(sock, _wake, woken)
    try:
        await woken
    finally:
        loop.remove_reader(sock)


def _wake(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)
