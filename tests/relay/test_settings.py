import pytest

from relay.settings import is_loopback, usable_system_default


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.", "app.localhost", "127.0.0.1", "127.9.9.9", "::1"]
)
def test_loopback_hosts(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "track.example.com", "192.0.2.1", "localhost.example.com", "10.0.0.1"])
def test_other_hosts(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("upstream", [None, "localhost", "127.0.0.1"])
def test_a_loopback_link_stays_on_this_machine(upstream: str | None) -> None:
    assert usable_system_default("http://localhost:8080", upstream) == "http://localhost:8080"


def test_no_real_mail_carries_a_loopback_link() -> None:
    assert usable_system_default("http://localhost:8080", "smtp.example.com") is None
    assert usable_system_default("http://127.0.0.1:8080", "192.0.2.1") is None


def test_any_other_base_is_used() -> None:
    assert usable_system_default("https://t.example.net", "smtp.example.com") == "https://t.example.net"
    assert usable_system_default("", None) is None
