import pytest

from domains.cloudflare import is_cloudflare


@pytest.mark.parametrize("address", ["104.16.0.1", "172.67.3.4", "188.114.97.3", "2606:4700:10::ac43:1"])
def test_addresses_of_the_proxy(address: str) -> None:
    assert is_cloudflare(address)


@pytest.mark.parametrize("address", ["104.15.255.255", "1.1.1.1", "192.0.2.1", "2001:db8::1", "::1"])
def test_other_addresses(address: str) -> None:
    assert not is_cloudflare(address)
