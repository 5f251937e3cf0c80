"""Networks of clients: what may be listed, and to whom an address belongs. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network
from typing import Final

from accounts.errors import InvalidNetwork
from accounts.model import Network

Address = IPv4Address | IPv6Address

_WIDEST: Final = {4: 8, 6: 7}  # 10.0.0.0/8 and fc00::/7, the widest private networks
_MAPPED: Final = IPv6Network("::ffff:0:0/96")


def network(text: str) -> Network:
    """Read a network as a person typed it; one address alone is a network too. Raises `InvalidNetwork`."""
    try:
        parsed = ip_network(text)
    except ValueError as error:
        raise InvalidNetwork(f"{error}; write it as 192.0.2.0/24") from None
    if parsed.prefixlen < _WIDEST[parsed.version]:
        raise InvalidNetwork(f"{parsed} is so wide that this would be an open relay; list the clients' own")
    if isinstance(parsed, IPv6Network) and parsed.subnet_of(_MAPPED):
        raise InvalidNetwork(f"{parsed} stands for IPv4 addresses; write it as 192.0.2.0/24")
    return parsed


def plain_address(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 socket shows as `::ffff:192.0.2.1`, else the address itself."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


@dataclass(frozen=True, slots=True)
class NetworkTable:
    """Whose each network is. By length of the prefix, longest first: a lookup is one dict's for each."""

    _by_length: tuple[tuple[int, int, Mapping[int, int]], ...]  # version, bits of the host, prefix to owner

    @classmethod
    def build(cls, owned: Iterable[tuple[Network, int]]) -> "NetworkTable":
        """Build it from networks and their owners; of two that own the same network, the later one has it."""
        tables: dict[tuple[int, int], dict[int, int]] = {}
        for each, owner in owned:
            host_bits = each.max_prefixlen - each.prefixlen
            prefix = int(each.network_address) >> host_bits
            tables.setdefault((each.version, host_bits), {})[prefix] = owner
        return cls(tuple((version, bits, tables[version, bits]) for version, bits in sorted(tables)))

    def owner(self, address: Address) -> int | None:
        """Return the owner of the longest prefix that holds the address; None where no network does."""
        plain = plain_address(address)
        number = int(plain)
        for version, host_bits, prefixes in self._by_length:
            if version == plain.version and (owner := prefixes.get(number >> host_bits)) is not None:
                return owner
        return None
