"""The words for each finding."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from domains.dns_answer import DnsStatus
from domains.dns_records import CnameRecord
from domains.evidence import Evidence
from domains.findings import Finding, zone_added
from domains.model import TrackingDomain


@dataclass(frozen=True, slots=True)
class DnsWords:
    """Whole sentences. `create` tells whether the record to create goes with them."""

    headline: str
    seen: str = ""
    action: str = ""
    create: bool = False


def words(finding: Finding, domain: TrackingDomain, evidence: Evidence) -> DnsWords:
    """Return what to say of a finding."""
    return _WORDS[finding](domain, evidence)


def _points_here(domain: TrackingDomain, evidence: Evidence) -> DnsWords:
    before = evidence.dns.chain[: evidence.dns.chain.index(domain.target)]
    via = f" by way of {_listed(before)}" if before else ""
    return DnsWords(f"{domain.name} points to {domain.target}{via}.")


def _flattened(domain: TrackingDomain, evidence: Evidence) -> DnsWords:
    return DnsWords(
        f"{domain.name} leads to the addresses of {domain.target}.",
        f"The DNS provider answers with them ({_listed(evidence.dns.addresses)}) in place of a CNAME record, "
        "which works.",
        f"Where these address records were made by hand, replace them by a CNAME record: when the addresses "
        f"of {domain.target} change, it follows by itself.",
    )


def _behind_proxy(domain: TrackingDomain, evidence: Evidence) -> DnsWords:
    return DnsWords(
        f"{domain.name} is served by a proxy that passes requests on to this installation.",
        f"DNS leads to {_ends(evidence)}, and a test request came through.",
    )


def _unanswered(domain: TrackingDomain, evidence: Evidence) -> DnsWords:
    return DnsWords(
        f"DNS could not be asked about {domain.name}.",
        _sentence(evidence.dns.detail),
        "This says nothing about the record, and it is checked again by itself. Where it lasts, ask the DNS "
        f"provider of {_zone(domain)} whether its servers are well.",
    )


def _target_unanswered(domain: TrackingDomain, evidence: Evidence) -> DnsWords:
    return DnsWords(
        f"{domain.name} has address records, and whether they are right could not be seen.",
        f"They say {_listed(evidence.dns.addresses)}; the addresses of {domain.target} could not be had.",
        "It is checked again by itself. A CNAME record in their place is surer.",
        create=True,
    )


def _no_record(domain: TrackingDomain, evidence: Evidence) -> DnsWords:
    return DnsWords(
        f"No DNS record for {domain.name} was found.",
        _asked(evidence),
        f"Create this record at the DNS provider of {_zone(domain)}. It may take some minutes to be seen.",
        create=True,
    )


def _root_domain(domain: TrackingDomain, evidence: Evidence) -> DnsWords:
    addresses = evidence.dns.addresses
    return DnsWords(
        f"{domain.name} is a root domain, which cannot hold a CNAME record.",
        f"It has address records ({_listed(addresses)}), which are not ours." if addresses else "",
        f"Use a subdomain such as track.{domain.name}. Only where the DNS provider offers ALIAS, ANAME or "
        f"flattened CNAME records can a root domain be used: create one to {domain.target}.",
    )


def _wrong_target(domain: TrackingDomain, evidence: Evidence) -> DnsWords:
    answer = evidence.dns
    first, last = answer.chain[0], answer.chain[-1]
    onward = f", which leads to {last}" if first != last else ""
    definite = answer.status is DnsStatus.FOUND and not answer.detail
    dangling = f"No address stands behind {last}." if definite and not answer.addresses else ""
    return DnsWords(
        f"{domain.name} points to {first}{onward}, not to {domain.target}.",
        dangling,
        f"Change the value of the record to {domain.target}.",
        create=True,
    )


def _wrong_region(domain: TrackingDomain, evidence: Evidence) -> DnsWords:
    other = evidence.dns.chain[0]
    return DnsWords(
        f"{domain.name} points to {other}, not to {domain.target}.",
        "It leads to another target of this installation, which belongs to another region.",
        f"Change the value of the record to {domain.target}, or have the domain moved to that target.",
        create=True,
    )


def _no_last_dot(domain: TrackingDomain, evidence: Evidence) -> DnsWords:
    seen = evidence.dns.chain[0]
    return DnsWords(
        f"{domain.name} points to {seen}: the name of the zone was added to the value.",
        f"The DNS provider took the value as a name within {zone_added(domain, seen)}.",
        f"Write the value with a dot at its end: {domain.target}.",
        create=True,
    )


def _dangling(domain: TrackingDomain, _: Evidence) -> DnsWords:
    return DnsWords(
        f"{domain.name} points to {domain.target}, which has no address.",
        "The record is right, but links cannot open.",
        f"Whoever runs this installation must give {domain.target} an address record.",
    )


def _addresses(domain: TrackingDomain, evidence: Evidence) -> DnsWords:
    return DnsWords(
        f"{domain.name} has address records in place of a CNAME record.",
        f"They say {_listed(evidence.dns.addresses)}; none of these is an address of {domain.target}.",
        f"Delete all A and AAAA records of {domain.name} and create this record.",
        create=True,
    )


def _conflict(domain: TrackingDomain, evidence: Evidence) -> DnsWords:
    ours = [each for each in evidence.dns.addresses if each in evidence.target_addresses]
    others = [each for each in evidence.dns.addresses if each not in evidence.target_addresses]
    forgotten = " An old AAAA record is easily forgotten." if all(":" in each for each in others) else ""
    return DnsWords(
        f"Only some of the addresses of {domain.name} are ours.",
        f"{_listed(ours)} belongs to {domain.target}, {_listed(others)} does not: some readers arrive "
        f"elsewhere.{forgotten}",
        f"Delete all A and AAAA records of {domain.name} and create this record.",
        create=True,
    )


def _beside(domain: TrackingDomain, evidence: Evidence) -> DnsWords:
    return DnsWords(
        f"{domain.name} has address records beside its CNAME record.",
        f"Records seen there: CNAME, {_listed(evidence.dns.beside)}. Some readers arrive elsewhere.",
        f"Delete all other records of {domain.name} and leave just this one.",
        create=True,
    )


def _proxied(domain: TrackingDomain, evidence: Evidence) -> DnsWords:
    return DnsWords(
        f"{domain.name} stands behind Cloudflare's proxy.",
        f"DNS leads to {_listed(evidence.dns.addresses)}, addresses of Cloudflare, and not through to here.",
        "In Cloudflare's DNS settings, switch the proxy of this record off: click the orange cloud, so that "
        "it says “DNS only”.",
        create=True,
    )


def _broken(domain: TrackingDomain, evidence: Evidence) -> DnsWords:
    return DnsWords(
        f"The DNS records of {domain.name} lead nowhere.",
        _sentence(evidence.dns.detail),
        "Delete them and create just this one.",
        create=True,
    )


_WORDS: dict[Finding, Callable[[TrackingDomain, Evidence], DnsWords]] = {
    Finding.POINTS_HERE: _points_here,
    Finding.FLATTENED: _flattened,
    Finding.BEHIND_PROXY: _behind_proxy,
    Finding.UNANSWERED: _unanswered,
    Finding.TARGET_UNANSWERED: _target_unanswered,
    Finding.NO_RECORD: _no_record,
    Finding.ROOT_DOMAIN: _root_domain,
    Finding.WRONG_TARGET: _wrong_target,
    Finding.WRONG_REGION: _wrong_region,
    Finding.NO_LAST_DOT: _no_last_dot,
    Finding.DANGLING: _dangling,
    Finding.ADDRESSES: _addresses,
    Finding.CONFLICT: _conflict,
    Finding.BESIDE: _beside,
    Finding.PROXIED: _proxied,
    Finding.BROKEN: _broken,
}


def _zone(domain: TrackingDomain) -> str:
    return CnameRecord(name=domain.name, target=domain.target).zone


def _asked(evidence: Evidence) -> str:
    return (
        f"There is no CNAME record and no address, says {evidence.dns.asked}." if evidence.dns.asked else ""
    )


def _ends(evidence: Evidence) -> str:
    return _listed(evidence.dns.chain[-1:] or evidence.dns.addresses)


def _listed(each: Iterable[str]) -> str:
    return ", ".join(each)


def _sentence(detail: str) -> str:
    """Return a detail as a sentence; a name at its beginning stays in lower case."""
    first = detail.partition(" ")[0]
    return f"{detail if '.' in first else detail[:1].upper() + detail[1:]}." if detail else ""
