"""Asks DNS with dnspython: synchronous, for commands and worker threads."""

import time
from collections.abc import Callable, Sequence
from functools import partial

import dns.exception
import dns.inet
import dns.message
import dns.name
import dns.nameserver
import dns.rdata
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.CNAME import CNAME

from domains.dns_answer import DnsAnswer, DnsStatus, Unanswered
from domains.lookup.cname_chain import follow

EDNS_PAYLOAD = 1232  # bytes, DNS Flag Day 2020: no answer is fragmented
DNS_PORT = 53


class Resolver:
    """Asks the given name servers and no others; without any, those of the system.

    `nameservers` are IP addresses (`ValueError` otherwise). Seconds: `timeout` is how long one server may
    take over one question, `lifetime` how long a whole look-up may take. Safe to share between threads.
    """

    def __init__(
        self,
        nameservers: Sequence[str] = (),
        port: int = DNS_PORT,
        *,
        timeout: float = 2.0,
        lifetime: float = 4.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        for address in nameservers:
            if not dns.inet.is_address(address):
                raise ValueError(f"a name server is given by its IP address, not as {address!r}")
        self._nameservers = [_Nameserver(address, port) for address in nameservers]
        self._timeout = timeout
        self._lifetime = lifetime
        self._monotonic = monotonic

    def look_up(self, host: str) -> DnsAnswer:
        """Follow the CNAMEs from `host`, in stored form. A fault of DNS is an answer, `UNKNOWN`."""
        try:
            client = self._client()
        except (dns.resolver.NoResolverConfiguration, OSError):
            detail = "this machine has no DNS server configured"
            return DnsAnswer(host=host, status=DnsStatus.UNKNOWN, detail=detail)
        return follow(host, partial(self._ask, client, self._monotonic() + self._lifetime))

    def _client(self) -> dns.resolver.Resolver:
        """Build the client for one look-up: a change of the system's servers counts at once."""
        client = dns.resolver.Resolver(configure=not self._nameservers)
        client.nameservers = self._nameservers or [_Nameserver(str(each)) for each in client.nameservers]
        client.timeout = self._timeout
        client.use_edns(0, 0, EDNS_PAYLOAD)
        return client

    def _ask(self, client: dns.resolver.Resolver, deadline: float, name: str, kind: str) -> tuple[str, ...]:
        remaining = deadline - self._monotonic()
        if remaining <= 0:
            raise Unanswered(f"the DNS servers took longer than {self._lifetime:g} seconds")
        try:
            answer = client.resolve(
                dns.name.from_text(name), kind, lifetime=remaining, search=False, raise_on_no_answer=False
            )
        except dns.resolver.NXDOMAIN:
            return ()
        except dns.exception.DNSException as fault:
            raise Unanswered(_plain_words(fault)) from fault
        if answer.rrset is None and _is_referral(answer.response):
            raise Unanswered(f"the DNS servers asked know nothing of {name} and refer to others")
        return _values(answer)


class _Nameserver(dns.nameserver.Do53Nameserver):
    """Keeps every record of an answer: dnspython would keep one of several CNAMEs and hide the mistake."""

    def __str__(self) -> str:
        return self.address if self.port == DNS_PORT else f"{self.address} port {self.port}"

    def query(
        self,
        request: dns.message.QueryMessage,
        timeout: float,
        source: str | None,
        source_port: int,
        max_size: bool,
        one_rr_per_rrset: bool = True,
        ignore_trailing: bool = False,
    ) -> dns.message.Message:
        return super().query(request, timeout, source, source_port, max_size, True, ignore_trailing)


def _values(answer: dns.resolver.Answer) -> tuple[str, ...]:
    """Return the values of all records at the end of the answer, each of them an RRset of its own."""
    return tuple(
        _text(record)
        for rrset in answer.response.answer
        if rrset.name == answer.canonical_name and rrset.rdtype == answer.rdtype
        for record in rrset
    )


def _text(record: dns.rdata.Rdata) -> str:
    if isinstance(record, CNAME):
        return record.target.canonicalize().to_text(omit_final_dot=True)
    return record.to_text()


def _is_referral(response: dns.message.Message) -> bool:
    """Tell a referral, which is nothing definite, from a name without such a record [RFC 2308, 2.2]."""
    kinds = {rrset.rdtype for rrset in response.authority}
    return dns.rdatatype.NS in kinds and dns.rdatatype.SOA not in kinds


def _plain_words(fault: dns.exception.DNSException) -> str:
    """Say what each server did, once."""
    errors = fault.kwargs.get("errors", []) if fault.kwargs else []
    said = dict.fromkeys(f"the DNS server {server} {_complaint(error)}" for server, _, _, error, _ in errors)
    return "; ".join(said) or "the DNS servers did not answer in time"


def _complaint(error: object) -> str:
    match error:
        case str():  # a response code, such as SERVFAIL
            return f"answered {error}"
        case dns.exception.Timeout():
            return "did not answer in time"
        case OSError():
            return f"cannot be reached ({error.strerror or error})"
        case _:
            return f"gave an answer that cannot be used ({type(error).__name__})"
