"""The header that a proxy puts in front of a connection to say who is behind it.

PROXY protocol, version 2 alone: https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt section 2.2.
aiosmtpd's parser takes version 1 too, and any address family; here only what names a TCP client is believed.
It says how long it is, so that it can be read from the socket itself and nothing behind it is touched.
"""

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_FIXED = len(SIGNATURE) + 4  # version and command, family and transport, length in two octets
_LOCAL, _PROXY = 0x20, 0x21
_TCP4, _TCP6 = 0x11, 0x21


class BadHeader(Exception):
    """What came is no header, or names no TCP client."""


class NoHeader(Exception):
    """The connection ended before a header came whole: a health check, mostly."""


async def read_source(sock: socket.socket) -> str | None:
    """Return the client's IP address; None where the proxy speaks for itself.

    Raises BadHeader, NoHeader, and OSError.
    """
    fixed = await _receive(sock, _FIXED)
    if not fixed.startswith(SIGNATURE):
        raise BadHeader("it does not begin with the signature of version 2")
    command, family, length = fixed[12], fixed[13], int.from_bytes(fixed[14:])
    addresses = await _receive(sock, length)  # and TLVs, which nothing here needs
    if command == _LOCAL:
        return None
    if command != _PROXY:
        raise BadHeader(f"version and command 0x{command:02x}")
    if family == _TCP4 and length >= 12:
        return str(IPv4Address(addresses[:4]))
    if family == _TCP6 and length >= 36:
        return str(IPv6Address(addresses[:16]))
    # "Unspecified" leaves it to us whom to believe: the proxy may relay, its clients may not.
    raise BadHeader(f"address family 0x{family:02x} with {length} octets names no TCP client")


async def _receive(sock: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        piece = await asyncio.get_running_loop().sock_recv(sock, size - len(received))
        if not piece:
            raise NoHeader
        received += piece
    return received
