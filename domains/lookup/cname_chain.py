"""Follows CNAME records from a host to the end of the chain. Pure: the caller asks the questions."""

from dataclasses import replace

from domains.dns_answer import DnsAnswer, DnsStatus, Unanswered
from domains.lookup.reply import Ask

MAX_CHAIN = 8  # CNAMEs in a row; resolvers of the open Internet give up between 8 and 16
BESIDE = ("A", "AAAA", "MX", "TXT")


def follow(host: str, ask: Ask) -> DnsAnswer:
    """Ask for the CNAME at each name until there is none, then for the addresses at the end.

    One question for an address, with the chain in its answer, would not do: an authoritative server leaves
    out what lies in other zones, and a second CNAME at a name would stay unseen.
    """
    walked = walk(host, ask)
    if walked.status in (DnsStatus.BROKEN, DnsStatus.UNKNOWN):
        return walked
    return _with_addresses(walked, ask)


def walk(host: str, ask: Ask) -> DnsAnswer:
    """Follow the CNAMEs alone: `FOUND`, `NO_RECORD` for want of a CNAME, `BROKEN` or `UNKNOWN`."""
    chain: list[str] = []
    asked = disagreement = ""

    def ended(status: DnsStatus, detail: str = "") -> DnsAnswer:
        return DnsAnswer(
            host=host,
            status=status,
            chain=tuple(chain),
            detail=detail,
            asked=asked,
            disagreement=disagreement,
        )

    name = host
    try:
        reply = ask(name, "CNAME")
        asked, disagreement = reply.asked, reply.disagreement
        while targets := reply.values:
            if len(targets) > 1:
                return ended(DnsStatus.BROKEN, _several(name, targets))
            name = targets[0]
            chain.append(name)
            if name == host or name in chain[:-1]:
                return ended(DnsStatus.BROKEN, f"the CNAME records lead in a circle at {name}")
            if len(chain) > MAX_CHAIN:
                return ended(DnsStatus.BROKEN, f"there are more than {MAX_CHAIN} CNAME records in a row")
            reply = ask(name, "CNAME")
    except Unanswered as fault:
        return ended(DnsStatus.UNKNOWN, str(fault))
    return ended(DnsStatus.FOUND if chain else DnsStatus.NO_RECORD)


def end_of_chain(name: str, ask: Ask) -> str:
    """Return where the CNAMEs from the name end, itself where it has none. Raises `Unanswered`."""
    walked = walk(name, ask)
    if walked.status in (DnsStatus.BROKEN, DnsStatus.UNKNOWN):
        raise Unanswered(walked.detail)
    return walked.chain[-1] if walked.chain else name


def _with_addresses(walked: DnsAnswer, ask: Ask) -> DnsAnswer:
    if walked.chain:
        # The end may be out of reach: the records of the host itself are known.
        addresses, detail = _addresses(walked.chain[-1], ask)
        return replace(walked, addresses=addresses, detail=detail, beside=_beside(walked.host, ask))
    addresses, detail = _addresses(walked.host, ask)
    without = DnsStatus.UNKNOWN if detail else DnsStatus.NO_RECORD
    status = DnsStatus.ADDRESS_ONLY if addresses else without
    return replace(walked, status=status, addresses=addresses, detail=detail)


def _addresses(name: str, ask: Ask) -> tuple[tuple[str, ...], str]:
    """Return the IPv4 and IPv6 addresses, and what went wrong where one of the questions was not answered."""
    found: list[str] = []
    detail = ""
    for kind in ("A", "AAAA"):
        try:
            found += ask(name, kind).values
        except Unanswered as fault:
            detail = str(fault)
    return tuple(found), detail


def _beside(host: str, ask: Ask) -> tuple[str, ...]:
    """Return the types of records next to the CNAME. RFC 1034, 3.6.2, forbids them; some providers do not."""
    return tuple(kind for kind in BESIDE if _has(host, kind, ask))


def _has(host: str, kind: str, ask: Ask) -> bool:
    try:
        return bool(ask(host, kind).values)
    except Unanswered:
        return False  # the CNAME counts without this


def _several(name: str, targets: tuple[str, ...]) -> str:
    listed = ", ".join(sorted(targets))
    return f"{name} has {len(targets)} CNAME records ({listed}), but a name can have only one"
