import pytest

from domains.diagnosis import diagnose, points_here
from domains.dns_answer import DnsAnswer, DnsStatus
from tests.domains.builders import tracking_domain

HOST = "track.example.com"
TARGET = "links.waypost.test"
RECORD = "track.example.com. CNAME links.waypost.test."


def seen(
    status: DnsStatus, *chain: str, addresses: tuple[str, ...] = ("192.0.2.1",), detail: str = ""
) -> DnsAnswer:
    return DnsAnswer(host=HOST, status=status, chain=chain, addresses=addresses, detail=detail)


SENTENCES = {
    "good": (seen(DnsStatus.FOUND, TARGET), "track.example.com points to links.waypost.test."),
    "good by a chain": (
        seen(DnsStatus.FOUND, "a.example.net", "b.example.net", TARGET, "lb.waypost.test"),
        "track.example.com points to links.waypost.test by way of a.example.net, b.example.net.",
    ),
    "good, but the target has no address": (
        seen(DnsStatus.FOUND, TARGET, addresses=()),
        "track.example.com points to links.waypost.test. "
        "No address stands behind it yet: links open once links.waypost.test has one.",
    ),
    "good, but the target's address is unknown": (
        seen(DnsStatus.UNKNOWN, TARGET, addresses=(), detail="no reply"),
        "track.example.com points to links.waypost.test. "
        "Whether an address stands behind it could not be seen: no reply.",
    ),
    "no record": (
        seen(DnsStatus.NO_RECORD, addresses=()),
        "No DNS record for track.example.com was found. "
        f"Create this one, and allow some minutes for it to be seen: {RECORD}",
    ),
    "wrong target": (
        seen(DnsStatus.FOUND, "other.example.net"),
        "track.example.com points to other.example.net, not to links.waypost.test. "
        f"Change the record to: {RECORD}",
    ),
    "wrong target by a chain": (
        seen(DnsStatus.FOUND, "a.example.net", "b.example.net"),
        "track.example.com points to a.example.net, which leads to b.example.net, "
        f"not to links.waypost.test. Change the record to: {RECORD}",
    ),
    "a target that only begins alike": (
        seen(DnsStatus.FOUND, "links.waypost.test.example.org"),
        "track.example.com points to links.waypost.test.example.org, not to links.waypost.test. "
        f"Change the record to: {RECORD}",
    ),
    "forgotten trailing dot": (
        seen(DnsStatus.FOUND, "links.waypost.test.example.com", addresses=()),
        "track.example.com points to links.waypost.test.example.com: the name of the zone was added to "
        "the value. Write the value with a dot at its end: links.waypost.test.",
    ),
    "addresses": (
        seen(DnsStatus.ADDRESS_ONLY, addresses=("192.0.2.1", "2001:db8::1")),
        "track.example.com has address records (192.0.2.1, 2001:db8::1) in place of a CNAME. "
        f"Delete them and create this record: {RECORD}",
    ),
    "broken": (
        seen(DnsStatus.BROKEN, detail="the CNAME records lead in a circle at a.example.net"),
        "The DNS of track.example.com is broken: the CNAME records lead in a circle at a.example.net. "
        f"There must be just this record: {RECORD}",
    ),
    "unknown": (
        seen(DnsStatus.UNKNOWN, detail="the DNS server 192.0.2.53 answered SERVFAIL"),
        "DNS could not be asked about track.example.com: the DNS server 192.0.2.53 answered SERVFAIL. "
        "This says nothing about the record; check again in a few minutes.",
    ),
}


@pytest.mark.parametrize(("answer", "sentence"), SENTENCES.values(), ids=SENTENCES)
def test_each_finding_has_its_sentence(answer: DnsAnswer, sentence: str) -> None:
    assert diagnose(tracking_domain(HOST, target=TARGET), answer) == sentence


def test_a_broken_chain_through_the_target_leads_nowhere() -> None:
    assert not points_here(tracking_domain(HOST, target=TARGET), seen(DnsStatus.BROKEN, TARGET, HOST))
