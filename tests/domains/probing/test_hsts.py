import pytest
import trustme

from domains.dns_answer import DnsAnswer, DnsStatus
from domains.evidence import HstsPolicy
from domains.probing.hsts import CACHE_SECONDS, ParentPolicies, parse_policy, preloaded
from domains.probing.web_client import WebClient
from tests.domains.probing.clients import HOST, LOCAL, client, server_tls, trusting
from tests.web_server import WebServer, ok, says

PARENT = "example.com"
POLICY = HstsPolicy(host=PARENT, max_age=31536000, include_subdomains=True)


@pytest.mark.parametrize(
    "value",
    [
        "max-age=31536000; includeSubDomains",
        "includesubdomains;MAX-AGE=31536000;",
        ' max-age = "31536000" ; INCLUDESUBDOMAINS ; preload ; future="x"',
        ";; max-age=31536000;includeSubDomains;;",
    ],
)
def test_spellings_of_a_policy(value: str) -> None:
    assert parse_policy(PARENT, value) == POLICY


def test_a_policy_for_the_host_alone() -> None:
    assert parse_policy(PARENT, "max-age=1") == HstsPolicy(host=PARENT, max_age=1)


@pytest.mark.parametrize(
    "value",
    [
        *("", "includeSubDomains", "max-age", "max-age=", "max-age=1x", "max-age=-1", "max-age=٣"),
        *("max-age=1; max-age=2", "max-age=1; includeSubDomains; includesubdomains", "max-age=1; =2"),
        *('max-age="1', "max-age=" + "9" * 5000, "max-age=0; includeSubDomains"),
    ],
)
def test_what_is_no_policy(value: str) -> None:
    assert parse_policy(PARENT, value) is None


@pytest.mark.parametrize("host", ["track.example.app", "a.b.dev", "x.zip"])
def test_preloaded_top_level_domains(host: str) -> None:
    policy = preloaded(host)
    assert policy is not None
    assert policy.include_subdomains
    assert host.endswith(f".{policy.host}")


@pytest.mark.parametrize("host", ["track.example.com", "app.example.com", "devapp.com"])
def test_other_top_level_domains(host: str) -> None:
    assert preloaded(host) is None


class Lookup:
    """DNS in which every name leads to this machine."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def look_up(self, host: str) -> DnsAnswer:
        self.asked.append(host)
        return DnsAnswer(host=host, status=DnsStatus.ADDRESS_ONLY, addresses=LOCAL)


class Parents:
    """The policies of parents, with a clock that stands still."""

    def __init__(self, web: WebClient) -> None:
        self.now = 0.0
        self.lookup = Lookup()
        self._policies = ParentPolicies(lookup=self.lookup, client=web, monotonic=lambda: self.now)

    def over(self, host: str) -> list[HstsPolicy]:
        return list(self._policies.over(host))


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def header(value: str) -> bytes:
    return ok(b"", f"Strict-Transport-Security: {value}".encode())


class TestParents:
    def served(
        self, authority: trustme.CA, value: str, host: str, *names: str
    ) -> tuple[list[HstsPolicy], list[str]]:
        certificate = authority.issue_cert(*(names or (PARENT, f"eu.{PARENT}")))
        with WebServer(says(header(value)), server_tls(certificate)) as server:
            parents = Parents(client(trusting(authority), https_port=server.port))
            return parents.over(host), parents.lookup.asked

    def test_a_parent_hands_its_policy_down(self, authority: trustme.CA) -> None:
        policies, asked = self.served(authority, "max-age=31536000; includeSubDomains", HOST)
        assert (policies, asked) == ([POLICY], [PARENT])

    def test_one_for_the_parent_alone_is_not_handed_down(self, authority: trustme.CA) -> None:
        assert self.served(authority, "max-age=31536000", HOST)[0] == []

    def test_every_parent_up_to_the_registrable_domain_is_asked(self, authority: trustme.CA) -> None:
        policies, asked = self.served(authority, "max-age=5; includeSubDomains", f"track.eu.{PARENT}")
        assert asked == [f"eu.{PARENT}", PARENT]
        assert [policy.host for policy in policies] == asked

    def test_without_a_trusted_certificate_none_counts(self, authority: trustme.CA) -> None:
        assert self.served(authority, "max-age=5; includeSubDomains", HOST, "other.example")[0] == []

    def test_a_preloaded_top_level_domain_counts_whatever_the_parent_says(
        self, authority: trustme.CA
    ) -> None:
        policies, _ = self.served(authority, "max-age=0", "track.example.app", "example.app")
        assert [policy.host for policy in policies] == ["app"]

    def test_a_parent_is_asked_once_in_a_while(self, authority: trustme.CA) -> None:
        tls = server_tls(authority.issue_cert(PARENT))
        with WebServer(says(header("max-age=31536000; includeSubDomains")), tls) as server:
            parents = Parents(client(trusting(authority), https_port=server.port))
            assert parents.over(HOST) == parents.over(f"other.{PARENT}") == [POLICY]
            assert len(server.requests) == 1
            parents.now = CACHE_SECONDS
            assert parents.over(HOST) == [POLICY]
            assert len(server.requests) == 2

    def test_a_parent_that_is_away_is_not_asked_again_at_once(self) -> None:
        parents = Parents(client(https_port=0))
        assert parents.over(HOST) == parents.over(HOST) == []
        assert parents.lookup.asked == [PARENT]

    def test_a_parent_at_a_private_address_is_not_asked(self, authority: trustme.CA) -> None:
        tls = server_tls(authority.issue_cert(PARENT))
        with WebServer(says(header("max-age=31536000; includeSubDomains")), tls) as server:
            web = client(trusting(authority), https_port=server.port, allow_private=False)
            assert Parents(web).over(HOST) == []
        assert server.requests == []
