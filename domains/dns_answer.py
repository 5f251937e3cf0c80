"""What DNS said about a host, as a frozen value that the rules judge."""

from dataclasses import dataclass
from enum import StrEnum


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
    """

    host: str
    status: DnsStatus
    chain: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    detail: str = ""
