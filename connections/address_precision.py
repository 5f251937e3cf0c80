"""How much of a client's address is kept."""

from enum import StrEnum
from ipaddress import IPv4Address, ip_network
from typing import Final

from connections.addresses import plain_address


class AddressPrecision(StrEnum):
    """From most to least."""

    FULL = "full"
    TRUNCATED = "truncated"  # to its network
    NONE = "none"


# What a provider hands to one customer, or more: RFC 6177 section 2 gives sites up to a /48. Google Analytics
# cut to /24 and /48 too.
IPV4_PREFIX: Final = 24
IPV6_PREFIX: Final = 48


def kept_address(address: str, precision: AddressPrecision) -> str:
    """Return what may be kept: the address, its network such as `203.0.113.0/24`, or "".

    "" stays "". Raises ValueError for what is no address.
    """
    if precision is AddressPrecision.FULL or not address:
        return address
    return truncated(address) if precision is AddressPrecision.TRUNCATED else ""


def truncated(address: str) -> str:
    """Return the network that the address is in, in CIDR form, so that nobody takes it for an address.

    Raises ValueError for what is no address.
    """
    plain = plain_address(address)
    prefix = IPV4_PREFIX if isinstance(plain, IPv4Address) else IPV6_PREFIX
    return str(ip_network((plain, prefix), strict=False))
