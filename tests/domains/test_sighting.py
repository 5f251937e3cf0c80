from datetime import UTC, datetime

from domains.dns_answer import DnsAnswer, DnsStatus
from domains.evidence import CaaAnswer, CaaStatus, Evidence, HstsPolicy, ProbeAnswer, Reached
from domains.sighting import lines

NOW = datetime(2026, 11, 21, tzinfo=UTC)
HOST = "track.example.com"


def texts(evidence: Evidence) -> dict[str, str]:
    return {line.label: line.text for line in lines(evidence)}


def test_all_that_was_seen() -> None:
    seen = texts(
        Evidence(
            at=NOW,
            dns=DnsAnswer(
                host=HOST,
                status=DnsStatus.FOUND,
                chain=("a.example.net", "t.example.net"),
                addresses=("192.0.2.1", "2001:db8::1"),
                asked="ns1.example.com (192.0.2.53)",
            ),
            target_addresses=("192.0.2.1",),
            caa=CaaAnswer(
                status=CaaStatus.FORBIDDEN, found_at="example.com", records=('0 issue "other.example"',)
            ),
            http=ProbeAnswer(reached=Reached.OURS, address="192.0.2.1", status=200),
            https=ProbeAnswer(reached=Reached.UNTRUSTED, address="192.0.2.1", detail="it has expired"),
            hsts=(HstsPolicy(host="example.com", max_age=60, include_subdomains=True),),
        )
    )
    assert seen == {
        "DNS": "a.example.net → t.example.net → 192.0.2.1, 2001:db8::1",
        "asked": "ns1.example.com (192.0.2.53)",
        "target": "192.0.2.1",
        "CAA": 'forbidden by example.com: 0 issue "other.example"',
        "HTTP": "this installation answers at 192.0.2.1",
        "HTTPS": "its certificate is not trusted at 192.0.2.1 (it has expired)",
        "HSTS": "example.com for 60 s with subdomains",
    }


def test_what_was_not_seen_yet_is_empty() -> None:
    seen = texts(Evidence(at=NOW, dns=DnsAnswer(host=HOST, status=DnsStatus.NO_RECORD)))
    assert seen.pop("DNS") == "no record"
    assert set(seen.values()) == {""}


def test_a_fault_of_dns_is_told() -> None:
    answer = DnsAnswer(host=HOST, status=DnsStatus.UNKNOWN, detail="no answer in 2 s")
    assert texts(Evidence(at=NOW, dns=answer))["DNS"] == "no answer in 2 s"
