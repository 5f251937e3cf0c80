from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.client_address import client_address, is_in

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("2001:db8:1::/48"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("2001:DB8::9", [], "2001:db8::9"),
        ("::ffff:203.0.113.9", [], "203.0.113.9"),
        ("fe80::1%eth0", [], "fe80::1"),
        ("", [], ""),
        ("/run/socket", [b"198.51.100.1"], ""),
        # nobody on a trusted network says so
        ("203.0.113.9", [b"198.51.100.1"], "203.0.113.9"),
        # a trusted proxy does
        ("10.0.0.1", [b"198.51.100.1"], "198.51.100.1"),
        ("::ffff:10.0.0.1", [b"198.51.100.1"], "198.51.100.1"),
        ("2001:db8:1::7", [b"2001:db8:9::1"], "2001:db8:9::1"),
        # the client claims to be another
        ("10.0.0.1", [b"127.0.0.1, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", [b"127.0.0.1", b"198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", [b"127.0.0.1,198.51.100.1,10.0.0.2"], "198.51.100.1"),
        # proxies all the way
        ("10.0.0.1", [b"10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        # with ports
        ("10.0.0.1", [b"198.51.100.1:443"], "198.51.100.1"),
        ("10.0.0.1", [b"[2001:db8:9::1]:443"], "2001:db8:9::1"),
        ("10.0.0.1", [b"[2001:db8:9::1]"], "2001:db8:9::1"),
        # no address: the last one that was vouched for
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", [b""], "10.0.0.1"),
        ("10.0.0.1", [b"unknown"], "10.0.0.1"),
        ("10.0.0.1", [b"198.51.100.1, unknown, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", [b"\xff<script>"], "10.0.0.1"),
        ("10.0.0.1", [b"010.1.1.1"], "10.0.0.1"),
    ],
)
def test_the_right_most_untrusted_hop(peer: str, forwarded: list[bytes], address: str) -> None:
    assert client_address(peer, forwarded, TRUSTED) == address


def test_no_trusted_network_means_no_header_is_read() -> None:
    assert client_address("10.0.0.1", [b"198.51.100.1"], ()) == "10.0.0.1"


@given(st.text(), st.lists(st.binary()))
def test_never_raises(peer: str, forwarded: list[bytes]) -> None:
    client_address(peer, forwarded, TRUSTED)
    assert client_address("10.0.0.1", forwarded, TRUSTED)


def test_a_peer_is_in_a_network() -> None:
    assert is_in("10.0.0.1", TRUSTED)
    assert is_in("::ffff:10.0.0.1", TRUSTED)
    assert not is_in("203.0.113.9", TRUSTED)
    assert not is_in("", TRUSTED)
    assert not is_in("10.0.0.1", ())
