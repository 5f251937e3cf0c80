from ipaddress import IPv4Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.address_precision import AddressPrecision, kept_address, truncated


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.0/24"),
        ("203.0.113.0", "203.0.113.0/24"),
        ("::ffff:203.0.113.9", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
    ],
)
def test_an_address_is_cut_to_its_network(address: str, network: str) -> None:
    assert kept_address(address, AddressPrecision.TRUNCATED) == network


@given(st.ip_addresses())
def test_a_network_holds_the_address_and_says_nothing_of_the_rest(address: object) -> None:
    network = ip_network(truncated(str(address)))
    plain = getattr(address, "ipv4_mapped", None) or address
    assert plain in network
    assert network.prefixlen == (24 if isinstance(network, IPv4Network) else 48)
    neighbour = network[-1]
    assert truncated(str(neighbour)) == str(network)


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_cut_as_the_one_in_it(address: object) -> None:
    assert truncated(str(ip_address(f"::ffff:{address}"))) == truncated(str(address))


@given(st.ip_addresses().map(str) | st.just(""))
def test_full_is_as_it_came_and_none_is_nothing(address: str) -> None:
    assert kept_address(address, AddressPrecision.FULL) == address
    assert kept_address(address, AddressPrecision.NONE) == ""


@pytest.mark.parametrize("precision", AddressPrecision)
def test_no_address_stays_none(precision: AddressPrecision) -> None:
    assert kept_address("", precision) == ""
