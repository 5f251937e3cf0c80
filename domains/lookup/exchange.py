"""One question to one DNS server: by UDP, and by TCP where the answer is cut off."""

from dataclasses import dataclass

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdata
import dns.rdatatype
from dns.flags import RD
from dns.rdtypes.ANY.TXT import TXT
from dns.rdtypes.nsbase import NSBase

from domains.dns_answer import Unanswered

EDNS_PAYLOAD = 1232  # bytes, DNS Flag Day 2020: no answer is fragmented
DNS_PORT = 53


class Unreachable(Unanswered):
    """The server is silent or cannot be reached: it will hardly answer the next question either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A DNS server by its IP address. `name` is the one in NS records, "" for a recursor."""

    address: str
    port: int = DNS_PORT
    name: str = ""

    def __str__(self) -> str:
        place = self.address if self.port == DNS_PORT else f"{self.address} port {self.port}"
        return f"{self.name} ({place})" if self.name else place


def ask_server(
    server: Server, name: str, kind: str, *, recursive: bool, timeout: float
) -> dns.message.Message:
    """Return a response that says something about the name, if only that it does not exist.

    `timeout` is in seconds, for UDP and again for TCP. Raises `Unanswered`.
    """
    try:
        query = dns.message.make_query(name, kind, use_edns=0, payload=EDNS_PAYLOAD)
        query.flags = RD if recursive else 0
        response = _exchange(server, query, timeout)
        if response.rcode() == dns.rcode.FORMERR:
            query.use_edns(False)  # RFC 6891, section 7: servers from before EDNS
            response = _exchange(server, query, timeout)
    except dns.exception.Timeout as fault:
        raise Unreachable(f"the DNS server {server} did not answer in time") from fault
    except OSError as fault:
        raise Unreachable(f"the DNS server {server} cannot be reached ({fault.strerror or fault})") from fault
    except (dns.exception.DNSException, EOFError) as fault:
        said = f"gave an answer that cannot be used ({type(fault).__name__})"
        raise Unanswered(f"the DNS server {server} {said}") from fault
    if response.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        raise Unanswered(f"the DNS server {server} answered {dns.rcode.to_text(response.rcode())}")
    return response


def _exchange(server: Server, query: dns.message.Message, timeout: float) -> dns.message.Message:
    """A response to another question, of another server or with another id is passed over, not believed."""
    response, _ = dns.query.udp_with_fallback(
        query,
        server.address,
        timeout,
        server.port,
        ignore_unexpected=True,
        ignore_errors=True,
        # In one RRset dnspython would keep only one of several CNAMEs and hide the mistake.
        one_rr_per_rrset=True,
    )
    return response


def values(response: dns.message.Message, name: str, kind: str) -> tuple[str, ...]:
    """Return the values of the records at the name itself; what a CNAME there leads to is not among them."""
    owner, wanted = dns.name.from_text(name), dns.rdatatype.from_text(kind)
    return tuple(
        _text(record)
        for rrset in response.answer
        if rrset.rdtype == wanted and rrset.name == owner
        for record in rrset
    )


def is_referral(response: dns.message.Message) -> bool:
    """Tell a referral, which is nothing definite, from a name without such a record [RFC 2308, 2.2]."""
    kinds = {rrset.rdtype for rrset in response.authority}
    return dns.rdatatype.NS in kinds and dns.rdatatype.SOA not in kinds


def host_text(name: dns.name.Name) -> str:
    """Return the name as names are kept: lower case, no dot at the end."""
    return name.canonicalize().to_text(omit_final_dot=True)


def _text(record: dns.rdata.Rdata) -> str:
    if isinstance(record, NSBase):  # CNAME and NS
        return host_text(record.target)
    if isinstance(record, TXT):  # one text in strings of up to 255 bytes [RFC 7208, 3.3]
        return b"".join(record.strings).decode("utf-8", "backslashreplace")
    return record.to_text()
