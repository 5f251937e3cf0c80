"""Says in plain words what a check saw, what should be there, and which record to create. Pure."""

from domains.dns_answer import DnsAnswer, DnsStatus
from domains.dns_records import CnameRecord
from domains.model import TrackingDomain


def points_here(domain: TrackingDomain, answer: DnsAnswer) -> bool:
    """Tell whether the domain's target stands anywhere in the chain; a broken chain leads nowhere."""
    return domain.target in answer.chain and answer.status is not DnsStatus.BROKEN


def diagnose(domain: TrackingDomain, answer: DnsAnswer) -> str:
    """Return one to three sentences for the operator. Names are A-labels, as in DNS and its tools."""
    if points_here(domain, answer):
        return _good(domain, answer)
    name, record = domain.name, CnameRecord(name=domain.name, target=domain.target)
    match answer.status:
        case DnsStatus.NO_RECORD:
            seen = f"No DNS record for {name} was found."
            return f"{seen} Create this one, and allow some minutes for it to be seen: {record}"
        case DnsStatus.ADDRESS_ONLY:
            seen = f"{name} has address records ({', '.join(answer.addresses)}) in place of a CNAME."
            return f"{seen} Delete them and create this record: {record}"
        case DnsStatus.BROKEN:
            seen = f"The DNS of {name} is broken: {answer.detail}."
            return f"{seen} There must be just this record: {record}"
        case DnsStatus.FOUND:
            return _wrong_target(domain, answer, record)
        case DnsStatus.UNKNOWN:
            seen = f"DNS could not be asked about {name}: {answer.detail}."
            return f"{seen} This says nothing about the record; check again in a few minutes."


def _good(domain: TrackingDomain, answer: DnsAnswer) -> str:
    before = answer.chain[: answer.chain.index(domain.target)]
    via = f" by way of {', '.join(before)}" if before else ""
    good = f"{domain.name} points to {domain.target}{via}."
    if answer.addresses:
        return good
    if answer.detail:
        return f"{good} Whether an address stands behind it could not be seen: {answer.detail}."
    return f"{good} No address stands behind it yet: links open once {domain.target} has one."


def _wrong_target(domain: TrackingDomain, answer: DnsAnswer, record: CnameRecord) -> str:
    seen = answer.chain[0]
    if _lacks_last_dot(domain, seen):
        return (
            f"{domain.name} points to {seen}: the name of the zone was added to the value. "
            f"Write the value with a dot at its end: {domain.target}."
        )
    onward = f", which leads to {answer.chain[-1]}" if len(answer.chain) > 1 else ""
    return f"{domain.name} points to {seen}{onward}, not to {domain.target}. Change the record to: {record}"


def _lacks_last_dot(domain: TrackingDomain, seen: str) -> bool:
    """Tell a relative value: `target` without its last dot becomes `target.customer.com` in the zone."""
    zone = seen.removeprefix(f"{domain.target}.")
    return zone != seen and domain.name.endswith(f".{zone}")
