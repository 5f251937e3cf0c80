from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.errors import InvalidNetwork
from accounts.model import Network
from accounts.networks import Address, NetworkTable, network

ADDRESSES = st.one_of(
    st.ip_addresses(v=4, network="192.0.2.0/24"),
    st.ip_addresses(v=6, network="2001:db8::/120"),
    st.ip_addresses(),
)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    address = draw(ADDRESSES)
    length = draw(st.integers(address.max_prefixlen - 9, address.max_prefixlen))
    return ip_network(f"{address}/{length}", strict=False)


@given(st.dictionaries(networks(), st.integers(1, 5), max_size=12), ADDRESSES)
def test_the_longest_prefix_wins(owned: dict[Network, int], address: Address) -> None:
    plain = (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address
    holding = [each for each in owned if plain in each]
    expected = owned[max(holding, key=lambda each: each.prefixlen)] if holding else None
    assert NetworkTable.build(owned.items()).owner(address) == expected


@given(st.ip_addresses(v=4))
def test_an_ipv4_client_on_an_ipv6_socket_is_the_same_client(address: IPv4Address) -> None:
    table = NetworkTable.build([(ip_network(f"{address}/32"), 7)])
    assert table.owner(ip_address(f"::ffff:{address}")) == 7


def test_ipv6_numbers_are_not_taken_for_ipv4() -> None:
    table = NetworkTable.build([(ip_network("0.0.0.1/32"), 1), (ip_network("::/96"), 2)])
    assert table.owner(ip_address("0.0.0.1")) == 1
    assert table.owner(ip_address("::1")) == 2


def test_without_networks_everybody_is_a_stranger() -> None:
    assert NetworkTable.build([]).owner(ip_address("127.0.0.1")) is None


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("192.0.2.7", "192.0.2.7/32"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("2001:DB8::/32", "2001:db8::/32"),
        ("fc00::/7", "fc00::/7"),
    ],
)
def test_networks_are_read(text: str, read: str) -> None:
    assert str(network(text)) == read


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "write it as"),
        ("example.com", "write it as"),
        ("192.0.2.1/24", "has host bits set"),
        ("0.0.0.0/0", "open relay"),
        ("128.0.0.0/1", "open relay"),
        ("::/0", "open relay"),
        ("2000::/3", "open relay"),
        ("::ffff:192.0.2.0/120", "stands for IPv4"),
    ],
)
def test_what_cannot_be_listed_is_refused(text: str, says: str) -> None:
    with pytest.raises(InvalidNetwork, match=says):
        network(text)
