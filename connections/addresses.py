"""Whose address it is: which networks hold it."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address


def plain_address(address: str) -> IPv4Address | IPv6Address:
    """Return an IPv4 address as such where it came over a socket for both families."""
    parsed = ip_address(address.partition("%")[0])
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed


def is_among(address: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    """Tell whether one of the networks holds the address; no address is in none."""
    if not (networks and address):
        return False
    plain = plain_address(address)
    return any(plain in network for network in networks)
