"""Whose request it is: the peer's address, or what trusted proxies say of it.

`X-Forwarded-For` is a claim: each proxy adds on the right the address that it saw, and anybody may have sent
the rest. So it is read from the right, for as long as the one who says it is on a trusted network.
"""

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

# Some proxies (Azure, older IIS) add the port: `192.0.2.1:443`, `[2001:db8::1]:443`.
_WITH_PORT = re.compile(r"\[([^\]]*)\](?::\d+)?|([0-9.]+):\d+")


def client_address(peer: str, forwarded: Sequence[bytes], trusted: Sequence[Network]) -> str:
    """Return the right-most address that no trusted proxy vouches for.

    `peer` is the other end of the connection, "" where there is none (a socket in the file system);
    `forwarded` are the values of X-Forwarded-For in the order of their lines. An entry that is no address
    ends the reading: the address before it is the last that anybody vouched for.
    """
    if not trusted and ":" not in peer:
        return peer  # as the kernel wrote it; parsing it would be a third of reading a request
    address = _parse(peer)
    if address is None:
        return ""
    if trusted:
        for entry in reversed(b",".join(forwarded).decode("latin-1").split(",")):
            said = _parse(entry.strip()) if _holds(trusted, address) else None
            if said is None:
                break
            address = said
    return str(address)


def is_in(peer: str, networks: Sequence[Network]) -> bool:
    """Tell whether the other end of a connection is on one of the networks."""
    address = _parse(peer)
    return address is not None and _holds(networks, address)


def _parse(text: str) -> Address | None:
    with_port = _WITH_PORT.fullmatch(text)
    if with_port:
        text = with_port[1] or with_port[2] or ""
    try:
        address = ip_address(
            text.partition("%")[0]
        )  # a zone (fe80::1%eth0) means something on this host only
    except ValueError:
        return None
    # A socket that serves both families shows IPv4 peers as ::ffff:192.0.2.1 (RFC 4291 section 2.5.5.2).
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _holds(networks: Iterable[Network], address: Address) -> bool:
    return any(address in network for network in networks)
