import pytest

from accounts.binding import Unbound, unbound

OWNERS = {"example.com": 1, "example.net": 1, "other.example": 2}


@pytest.mark.parametrize(
    ("sender", "from_domains"),
    [
        ("example.com", ["example.com"]),
        ("example.net", ["example.com", "example.net"]),
        ("", ["example.com"]),
        ("example.com", []),
        ("", []),
    ],
)
def test_the_projects_own_domains_may_send(sender: str, from_domains: list[str]) -> None:
    assert unbound(1, sender, from_domains, OWNERS.get) is None


@pytest.mark.parametrize(
    ("sender", "from_domains", "why"),
    [
        ("other.example", ["example.com"], Unbound.ENVELOPE_SENDER),
        ("unknown.example", ["example.com"], Unbound.ENVELOPE_SENDER),
        ("example.com", ["other.example"], Unbound.FROM),
        ("example.com", ["unknown.example"], Unbound.FROM),
        ("example.com", ["example.com", "other.example"], Unbound.FROM),
        ("", ["other.example"], Unbound.FROM),
        ("other.example", ["other.example"], Unbound.ENVELOPE_SENDER),
    ],
)
def test_others_may_not(sender: str, from_domains: list[str], why: Unbound) -> None:
    assert unbound(1, sender, from_domains, OWNERS.get) is why
