"""What a check amounts to: evidence to one finding. Pure; the rules act on it, the diagnosis words it."""

from collections.abc import Collection
from enum import StrEnum

from domains.cloudflare import is_cloudflare
from domains.dns_answer import DnsStatus
from domains.evidence import Evidence, Reached
from domains.model import TrackingDomain
from domains.names import registrable


class Verdict(StrEnum):
    """What a finding says about a domain: links on it work, they cannot, or nothing speaks against it."""

    GOOD = "good"
    BAD = "bad"  # definite
    UNKNOWN = "unknown"


class Finding(StrEnum):
    """What DNS, and where it leads elsewhere a probe, showed of a tracking domain."""

    POINTS_HERE = "points here"  # the target stands in the chain
    FLATTENED = "flattened"  # to addresses that are all the target's [ALIAS, ANAME, or by hand]
    BEHIND_PROXY = "behind a proxy"  # DNS leads elsewhere, and a probe came through to us all the same
    UNANSWERED = "unanswered"  # DNS could not be asked to the end
    TARGET_UNANSWERED = "target unanswered"  # address records, and the target's are not known
    NO_RECORD = "no record"
    ROOT_DOMAIN = "root domain"  # the top of a zone, which cannot hold a CNAME [RFC 1034 3.6.2]
    WRONG_TARGET = "wrong target"
    WRONG_REGION = "wrong region"  # another target of this installation
    NO_LAST_DOT = "no last dot"  # target.customer.com: the value was taken as relative to the zone
    DANGLING = "dangling"  # our target, which has no address
    ADDRESSES = "addresses"  # foreign ones, in place of a CNAME
    CONFLICT = "conflict"  # addresses, the target's and foreign ones: some readers arrive elsewhere
    BESIDE = "beside"  # addresses at the very name that has the CNAME, from servers that allow it
    PROXIED = "proxied"  # Cloudflare's proxy stands before whatever the record says
    BROKEN = "broken"  # several CNAME records, a loop, an endless chain: the answer's detail says which

    @property
    def verdict(self) -> Verdict:
        """What it says about the domain."""
        if self in _GOOD:
            return Verdict.GOOD
        return Verdict.UNKNOWN if self in _UNKNOWN else Verdict.BAD


_GOOD = frozenset((Finding.POINTS_HERE, Finding.FLATTENED, Finding.BEHIND_PROXY))
# A target without an address is the operator's own fault, not the domain's: were it bad, one slip at the
# target would fail every domain of the installation, each of them until its daily check.
_UNKNOWN = frozenset((Finding.UNANSWERED, Finding.TARGET_UNANSWERED, Finding.DANGLING))
# Where a proxy of the customer's own may stand in front of us; the others break links for some readers.
_MAY_BE_A_PROXY = frozenset((Finding.WRONG_TARGET, Finding.ADDRESSES, Finding.PROXIED))

_ADDRESS_TYPES = frozenset(("A", "AAAA"))


def find(domain: TrackingDomain, evidence: Evidence, targets: Collection[str] = ()) -> Finding:
    """Return the one finding that says most. `targets` are all CNAME targets of the installation."""
    seen = _dns_finding(domain, evidence, targets)
    reached = (evidence.http.reached, evidence.https.reached)
    if seen in _MAY_BE_A_PROXY and Reached.OURS in reached:
        return Finding.BEHIND_PROXY
    return seen


def _dns_finding(domain: TrackingDomain, evidence: Evidence, targets: Collection[str]) -> Finding:
    answer = evidence.dns
    if answer.status is DnsStatus.BROKEN:
        return Finding.BROKEN
    if domain.target in answer.chain:
        if not _ADDRESS_TYPES.isdisjoint(answer.beside):
            return Finding.BESIDE
        return Finding.POINTS_HERE if answer.addresses or answer.detail else Finding.DANGLING
    match answer.status:
        case DnsStatus.UNKNOWN:
            return Finding.UNANSWERED
        case DnsStatus.FOUND:
            return _of_chain(domain, evidence, targets)
        case DnsStatus.ADDRESS_ONLY:
            return _of_addresses(domain, evidence)
        case _:
            return Finding.ROOT_DOMAIN if _is_root(domain) else Finding.NO_RECORD


def _of_chain(domain: TrackingDomain, evidence: Evidence, targets: Collection[str]) -> Finding:
    answer = evidence.dns
    if not set(targets).isdisjoint(answer.chain):
        return Finding.WRONG_REGION
    if zone_added(domain, answer.chain[0]):
        return Finding.NO_LAST_DOT
    seen = set(answer.addresses)
    if seen and seen <= set(evidence.target_addresses):
        return Finding.FLATTENED
    return Finding.PROXIED if seen and all(map(is_cloudflare, seen)) else Finding.WRONG_TARGET


def _of_addresses(domain: TrackingDomain, evidence: Evidence) -> Finding:
    """Judge a flattened CNAME by its addresses, each of them: readers may get any [RFC 6724]."""
    seen, ours = set(evidence.dns.addresses), set(evidence.target_addresses)
    if seen <= ours:
        return Finding.FLATTENED
    if seen & ours:
        return Finding.CONFLICT
    if all(map(is_cloudflare, seen)):
        return Finding.PROXIED
    if not ours:
        return Finding.TARGET_UNANSWERED
    return Finding.ROOT_DOMAIN if _is_root(domain) else Finding.ADDRESSES


def zone_added(domain: TrackingDomain, seen: str) -> str:
    """Return the zone that was added to a relative value: `customer.com` of `target.customer.com`, or ""."""
    zone = seen.removeprefix(f"{domain.target}.")
    return zone if zone != seen and domain.name.endswith(f".{zone}") else ""


def _is_root(domain: TrackingDomain) -> bool:
    return domain.name == registrable(domain.name)
