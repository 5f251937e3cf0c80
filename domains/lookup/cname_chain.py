"""Follows CNAME records from a host to the end of the chain. Pure: the caller asks the questions."""

from collections.abc import Callable

from domains.dns_answer import DnsAnswer, DnsStatus, Unanswered

MAX_CHAIN = 8  # CNAMEs in a row; resolvers of the open Internet give up between 8 and 16

Ask = Callable[[str, str], tuple[str, ...]]
"""(name, type) to the values of its records, none where there is a definite no. Raises `Unanswered`."""


def follow(host: str, ask: Ask) -> DnsAnswer:
    """Ask for the CNAME at each name until there is none, then for the addresses at the end.

    One question for an address, with the chain in its answer, would not do: an authoritative server leaves
    out what lies in other zones, and a second CNAME at a name would stay unseen.
    """
    chain: list[str] = []

    def ended(status: DnsStatus, detail: str) -> DnsAnswer:
        return DnsAnswer(host=host, status=status, chain=tuple(chain), detail=detail)

    name = host
    try:
        while targets := ask(name, "CNAME"):
            if len(targets) > 1:
                return ended(DnsStatus.BROKEN, _several(name, targets))
            chain.append(targets[0])
            if targets[0] == host or targets[0] in chain[:-1]:
                return ended(DnsStatus.BROKEN, f"the CNAME records lead in a circle at {targets[0]}")
            if len(chain) > MAX_CHAIN:
                return ended(DnsStatus.BROKEN, f"there are more than {MAX_CHAIN} CNAME records in a row")
            name = targets[0]
    except Unanswered as fault:
        return ended(DnsStatus.UNKNOWN, str(fault))
    return _end_of_chain(host, tuple(chain), name, ask)


def _end_of_chain(host: str, chain: tuple[str, ...], name: str, ask: Ask) -> DnsAnswer:
    addresses, detail = _addresses(name, ask)
    if chain:
        status = DnsStatus.FOUND  # its end may be out of reach: the records of the host itself are known
    elif addresses:
        status = DnsStatus.ADDRESS_ONLY
    else:
        status = DnsStatus.UNKNOWN if detail else DnsStatus.NO_RECORD
    return DnsAnswer(host=host, status=status, chain=chain, addresses=addresses, detail=detail)


def _addresses(name: str, ask: Ask) -> tuple[tuple[str, ...], str]:
    """Return the IPv4 and IPv6 addresses, and what went wrong where one of the questions was not answered."""
    found: list[str] = []
    detail = ""
    for kind in ("A", "AAAA"):
        try:
            found += ask(name, kind)
        except Unanswered as fault:
            detail = str(fault)
    return tuple(found), detail


def _several(name: str, targets: tuple[str, ...]) -> str:
    listed = ", ".join(sorted(targets))
    return f"{name} has {len(targets)} CNAME records ({listed}), but a name can have only one"
