import pytest

from accounts.directory import AccountDirectory
from domains.directory import Directory
from domains.model import State
from service.tracked_hosts import is_tracked_host
from tests.accounts.builders import project
from tests.domains.builders import NOW, tracking_domain

ACCOUNTS = AccountDirectory.build([project(), project(2, "shop")], [], [])
DOMAINS = [
    tracking_domain("track.example.com", state=State.FAILED, verified_at=NOW),
    tracking_domain("old.example.com", state=State.RETIRED, verified_at=NOW),
    tracking_domain("new.example.com", state=State.PENDING),
]


def is_tracked(host: str, system_default: str = "") -> bool:
    return is_tracked_host(host, Directory.build(DOMAINS, [], system_default=system_default), ACCOUNTS)


@pytest.mark.parametrize("host", ["track.example.com", "Track.Example.COM.", "old.example.com"])
def test_a_domain_that_was_verified_once(host: str) -> None:
    assert is_tracked(host)


@pytest.mark.parametrize(
    "host", ["new.example.com", "example.com", "x.track.example.com", "", ".", "\x00", "ü" * 253, "a" * 8000]
)
@pytest.mark.parametrize("default", ["", "https://t.example.net", "https://p{sid}.t.example.net"])
def test_no_other(host: str, default: str) -> None:
    assert not is_tracked(host, default)


def test_the_default_host_of_the_system() -> None:
    assert is_tracked("T.example.net", "https://t.example.net:8443")
    assert not is_tracked("x.t.example.net", "https://t.example.net:8443")


def test_the_default_hosts_of_projects_that_there_are() -> None:
    default = "https://p{sid}.t.example.net"
    assert is_tracked("pshop.t.example.net", default)
    assert not is_tracked("pnobody.t.example.net", default)
    assert not is_tracked("t.example.net", default)
