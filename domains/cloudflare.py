"""The addresses of Cloudflare's proxy, which a proxied record shows in place of its own value."""

from ipaddress import ip_address, ip_network

# https://www.cloudflare.com/ips-v4 and /ips-v6, as of 28 September 2023, the latest change that they name.
# They change once in some years, and a miss costs only a clearer sentence.
_RANGES = tuple(
    ip_network(text)
    for text in (
        *("173.245.48.0/20", "103.21.244.0/22", "103.22.200.0/22", "103.31.4.0/22", "141.101.64.0/18"),
        *("108.162.192.0/18", "190.93.240.0/20", "188.114.96.0/20", "197.234.240.0/22", "198.41.128.0/17"),
        *("162.158.0.0/15", "104.16.0.0/13", "104.24.0.0/14", "172.64.0.0/13", "131.0.72.0/22"),
        *("2400:cb00::/32", "2606:4700::/32", "2803:f800::/32", "2405:b500::/32", "2405:8100::/32"),
        *("2a06:98c0::/29", "2c0f:f248::/32"),
    )
)


def is_cloudflare(address: str) -> bool:
    """Tell whether `address`, an IP address as text, is of Cloudflare's proxy."""
    parsed = ip_address(address)
    return any(parsed in network for network in _RANGES)
