"""What a check of a tracking domain saw, a line for each thing that was looked at. Pure."""

from dataclasses import dataclass
from typing import Final

from domains.dns_answer import DnsAnswer, DnsStatus
from domains.evidence import CaaAnswer, CaaStatus, Evidence, HstsPolicy, ProbeAnswer, Reached
from domains.model import TrackingDomain

_REACHED: Final = {
    Reached.OURS: "this installation answers",
    Reached.OTHER: "another server answers",
    Reached.NOBODY: "nobody answers",
    Reached.UNTRUSTED: "its certificate is not trusted",
    Reached.NOT_ALLOWED: "not asked, a private address",
}


@dataclass(frozen=True, slots=True)
class Line:
    """`text` is "" where nothing was seen of it, or not yet."""

    label: str
    text: str


def lines(evidence: Evidence) -> list[Line]:
    """Return one for each thing that a check looks at, in the order in which it does."""
    return [
        Line("DNS", _dns(evidence.dns)),
        Line("asked", evidence.dns.asked),
        Line("target", ", ".join(evidence.target_addresses)),
        Line("CAA", _caa(evidence.caa)),
        Line("HTTP", _probe(evidence.http)),
        Line("HTTPS", _probe(evidence.https)),
        Line("HSTS", "; ".join(map(_hsts, evidence.hsts))),
    ]


def verdict(domain: TrackingDomain) -> Line:
    """Return the line that says what became of it."""
    return Line("verdict", f"{domain.state}. {domain.diagnosis}")


def _dns(answer: DnsAnswer) -> str:
    seen = " → ".join((*answer.chain, ", ".join(answer.addresses)) if answer.addresses else answer.chain)
    if not seen and answer.status is not DnsStatus.UNKNOWN:
        seen = str(answer.status)
    return "; ".join(filter(None, (seen, answer.detail, answer.disagreement)))


def _caa(answer: CaaAnswer) -> str:
    if answer.status is CaaStatus.NOT_ASKED:
        return ""
    found = f" by {answer.found_at}: {', '.join(answer.records)}" if answer.found_at else ""
    return f"{answer.status}{found}" + (f" ({answer.detail})" if answer.detail else "")


def _probe(answer: ProbeAnswer) -> str:
    if answer.reached is Reached.NOT_PROBED:
        return ""
    at = f" at {answer.address}" if answer.address else ""
    return f"{_REACHED[answer.reached]}{at}" + (f" ({answer.detail})" if answer.detail else "")


def _hsts(policy: HstsPolicy) -> str:
    return f"{policy.host} for {policy.max_age} s" + (" with subdomains" if policy.include_subdomains else "")
