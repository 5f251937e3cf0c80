from dataclasses import replace

import pytest

from domains.dns_answer import DnsAnswer, DnsStatus
from domains.evidence import Evidence, ProbeAnswer, Reached
from domains.findings import Finding, Verdict, find
from tests.domains.builders import NOW, tracking_domain

HOST = "track.example.com"
TARGET = "links.waypost.test"
TARGETS = (TARGET, "eu.waypost.test")
OURS = ("192.0.2.10", "2001:db8::10")
OTHERS = ("192.0.2.99",)
CLOUDFLARE = ("104.16.1.1", "2606:4700::1")


def evidence(
    status: DnsStatus,
    *chain: str,
    addresses: tuple[str, ...] = OURS,
    target_addresses: tuple[str, ...] = OURS,
    detail: str = "",
) -> Evidence:
    answer = DnsAnswer(host=HOST, status=status, chain=chain, addresses=addresses, detail=detail)
    return Evidence(at=NOW, dns=answer, target_addresses=target_addresses)


FOUND, ADDRESSES = DnsStatus.FOUND, DnsStatus.ADDRESS_ONLY
CASES = {
    "a CNAME": (evidence(FOUND, TARGET), Finding.POINTS_HERE),
    "a chain": (evidence(FOUND, "a.example.net", TARGET, "lb.waypost.test"), Finding.POINTS_HERE),
    "the rest of the chain was not answered": (
        evidence(DnsStatus.UNKNOWN, TARGET, addresses=(), detail="no reply"),
        Finding.POINTS_HERE,
    ),
    "a broken chain through the target": (
        evidence(DnsStatus.BROKEN, TARGET, HOST, addresses=(), detail="a circle"),
        Finding.BROKEN,
    ),
    "a target without an address": (evidence(FOUND, TARGET, addresses=()), Finding.DANGLING),
    "no record": (evidence(DnsStatus.NO_RECORD, addresses=()), Finding.NO_RECORD),
    "no answer": (evidence(DnsStatus.UNKNOWN, addresses=(), detail="no reply"), Finding.UNANSWERED),
    "another name": (evidence(FOUND, "other.example.net", addresses=OTHERS), Finding.WRONG_TARGET),
    "another name without an address": (
        evidence(FOUND, "other.example.net", addresses=()),
        Finding.WRONG_TARGET,
    ),
    "another name with the target's addresses": (evidence(FOUND, "other.example.net"), Finding.FLATTENED),
    "a name that only begins alike": (
        evidence(FOUND, f"{TARGET}.example.org", addresses=OTHERS),
        Finding.WRONG_TARGET,
    ),
    "another target of ours": (evidence(FOUND, "eu.waypost.test"), Finding.WRONG_REGION),
    "a relative value": (evidence(FOUND, f"{TARGET}.example.com", addresses=()), Finding.NO_LAST_DOT),
    "a name at Cloudflare": (evidence(FOUND, "x.cdn.example.net", addresses=CLOUDFLARE), Finding.PROXIED),
    "addresses at Cloudflare": (evidence(ADDRESSES, addresses=CLOUDFLARE), Finding.PROXIED),
    "all addresses of the target": (evidence(ADDRESSES), Finding.FLATTENED),
    "one address of the target": (evidence(ADDRESSES, addresses=OURS[:1]), Finding.FLATTENED),
    "one of ours, one foreign": (
        evidence(ADDRESSES, addresses=(OURS[0], "192.0.2.99")),
        Finding.CONFLICT,
    ),
    "ours, and a foreign AAAA": (
        evidence(ADDRESSES, addresses=(OURS[0], "2001:db8::99")),
        Finding.CONFLICT,
    ),
    "foreign addresses": (evidence(ADDRESSES, addresses=OTHERS), Finding.ADDRESSES),
    "addresses, and the target's are unknown": (
        evidence(ADDRESSES, target_addresses=()),
        Finding.TARGET_UNANSWERED,
    ),
}


@pytest.mark.parametrize(("seen", "finding"), CASES.values(), ids=CASES)
def test_findings(seen: Evidence, finding: Finding) -> None:
    assert find(tracking_domain(HOST, target=TARGET), seen, TARGETS) is finding


@pytest.mark.parametrize("status", [DnsStatus.NO_RECORD, ADDRESSES])
def test_a_root_domain_is_named_as_such(status: DnsStatus) -> None:
    seen = evidence(status, addresses=OTHERS if status is ADDRESSES else ())
    assert find(tracking_domain("example.com", target=TARGET), seen, TARGETS) is Finding.ROOT_DOMAIN


def test_a_root_domain_with_the_target_s_addresses_is_good() -> None:
    assert (
        find(tracking_domain("example.com", target=TARGET), evidence(ADDRESSES), TARGETS) is Finding.FLATTENED
    )


PROXIES = (Finding.WRONG_TARGET, Finding.ADDRESSES, Finding.PROXIED)


@pytest.mark.parametrize(("seen", "finding"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_probe_that_comes_through_shows_a_proxy_and_excuses_nothing_else(
    seen: Evidence, finding: Finding, scheme: str
) -> None:
    ours = replace(seen, **{scheme: ProbeAnswer(reached=Reached.OURS)})
    expected = Finding.BEHIND_PROXY if finding in PROXIES else finding
    assert find(tracking_domain(HOST, target=TARGET), ours, TARGETS) is expected


@pytest.mark.parametrize(("seen", "finding"), CASES.values(), ids=CASES)
def test_a_probe_that_reaches_others_changes_no_finding(seen: Evidence, finding: Finding) -> None:
    other = ProbeAnswer(reached=Reached.OTHER, status=200)
    assert (
        find(tracking_domain(HOST, target=TARGET), replace(seen, http=other, https=other), TARGETS) is finding
    )


def test_verdicts() -> None:
    good = {each for each in Finding if each.verdict is Verdict.GOOD}
    unknown = {each for each in Finding if each.verdict is Verdict.UNKNOWN}
    assert good == {Finding.POINTS_HERE, Finding.FLATTENED, Finding.BEHIND_PROXY}
    assert unknown == {Finding.UNANSWERED, Finding.TARGET_UNANSWERED, Finding.DANGLING}
