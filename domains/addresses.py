"""Which addresses this machine may connect to where a tenant's DNS names them. Pure.

Without such a rule a CNAME to an internal address would turn the checks into a scanner of the operator's own
network: server-side request forgery.
"""

import ipaddress
from ipaddress import IPv4Address, IPv6Address

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")  # all that IANA has given out
_DOCUMENTATION = ipaddress.IPv6Network("3fff::/20")  # RFC 9637, which Python 3.11 does not know
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052; 64:ff9b:1::/48 is for local use [RFC 8215]


def is_public(address: str) -> bool:
    """Tell a public unicast address, IPv4 or IPv6. What is no address, or has a zone, is not.

    An IPv6 address that carries an IPv4 one, and would be routed to it, is as public as that.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv4Address):
        return _is_public_ipv4(parsed)
    if parsed.scope_id is not None:
        return False
    carried = _carried(parsed)
    if carried is not None:
        return _is_public_ipv4(carried)
    return parsed in _GLOBAL_UNICAST and parsed not in _DOCUMENTATION and parsed.is_global


def _is_public_ipv4(address: IPv4Address) -> bool:
    # For Python all of multicast is global; 240.0.0.0/4 and broadcast are private.
    return address.is_global and not address.is_multicast


def _carried(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address within an IPv4-mapped, NAT64 or 6to4 [RFC 3056] one; Teredo is not global."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
