"""What DNS said about a host, as a frozen value that the rules judge."""

from dataclasses import dataclass
from enum import StrEnum


class Unanswered(Exception):
    """No server gave a definite answer; the message says why, in plain words."""


class DnsStatus(StrEnum):
    """How a look-up ended. All but `UNKNOWN` are definite."""

    FOUND = "found"  # a CNAME, followed to its end
    NO_RECORD = "no record"  # NXDOMAIN, or neither CNAME nor address
    ADDRESS_ONLY = "address only"  # addresses, and no CNAME
    BROKEN = "broken"  # a loop, an endless chain, several CNAME records at one name
    UNKNOWN = "unknown"  # SERVFAIL, REFUSED, time-out, network: DNS could not be asked to the end


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsAnswer:
    """One look-up. Names are lower case without a trailing dot.

    `chain` holds the CNAME targets in order, without the host itself; with `UNKNOWN` and `BROKEN` as far as
    it was seen. `addresses` stand at its end; empty where there are none or they could not be had.
    `detail` says in plain words what went wrong, "" where nothing did.

    `beside` are the types of other records at the host itself next to its CNAME: `("MX",)`. DNS forbids them.
    `asked` says who answered for the host: `ns1.example.com (192.0.2.1)`, or `the resolver 192.0.2.53`.
    `disagreement` says how the servers of its zone differ, "" where they do not or only one was heard.
    """

    host: str
    status: DnsStatus
    chain: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    detail: str = ""
    beside: tuple[str, ...] = ()
    asked: str = ""
    disagreement: str = ""
