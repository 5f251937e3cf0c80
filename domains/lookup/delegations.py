"""Finds the DNS servers that are responsible for a name, with the help of a recursor."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import dns.message
import dns.name
import dns.rdatatype

from domains.dns_answer import Unanswered
from domains.lookup.deadline import Deadline
from domains.lookup.exchange import DNS_PORT, Server, host_text
from domains.lookup.recursor import Recursor
from domains.lookup.ttl_cache import TtlCache

SECONDS = 30.0  # how long delegations, and servers that are silent, are remembered
MAX_SERVERS = 4  # name servers of one zone; a zone may list a hundred to make others ask [CVE-2020-12662]


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A zone, the names of its servers, and what a referral said about their addresses."""

    name: str
    servers: tuple[str, ...]
    glue: tuple[tuple[str, str, str], ...] = ()  # (server, A or AAAA, address)


class Delegations:
    """Safe to share between threads. `may_ask` tells which addresses may be connected to."""

    def __init__(
        self,
        recursor: Recursor,
        *,
        may_ask: Callable[[str], bool],
        monotonic: Callable[[], float],
        port: int = DNS_PORT,
    ) -> None:
        self._recursor = recursor
        self._may_ask = may_ask
        self._port = port
        self._records: TtlCache[tuple[str, str], tuple[str, ...]] = TtlCache(SECONDS, monotonic)
        self._referrals: TtlCache[str, Zone] = TtlCache(SECONDS, monotonic)
        self._silent: TtlCache[Server, bool] = TtlCache(SECONDS, monotonic)

    def zone_of(self, name: str, deadline: Deadline) -> Zone:
        """Return where to begin: the nearest zone above the name, or that of the last referral.

        The name itself is not looked for: a recursor that has asked once remembers for minutes that there is
        no such name, or the CNAME it was. Where it is a zone of its own, the servers above refer to it.
        Raises `Unanswered`.
        """
        if referred := self._referrals.get(name):
            return referred
        if servers := self._records.get((name, "NS")):
            return Zone(name=name, servers=servers)
        above = dns.name.from_text(name)
        while len(above) > 2:  # the last label is the root's
            above = above.parent()
            zone = host_text(above)
            if servers := self._known(zone, "NS", deadline):
                return Zone(name=zone, servers=servers)
        raise Unanswered(f"no DNS zone is known for {name}")

    def remember_referral(self, name: str, zone: Zone) -> None:
        """Begin there when the name is asked for again."""
        self._referrals.put(name, zone)

    def remember_silence(self, server: Server) -> None:
        """Try this server last for a while."""
        self._silent.put(server, True)

    def was_silent(self, server: Server) -> bool:
        """Tell whether it did not answer a short while ago."""
        return self._silent.get(server) is not None

    def servers(self, zone: Zone, deadline: Deadline) -> Iterator[Server]:
        """Yield the servers of a zone, each resolved when its turn comes; those lately silent last."""
        silent = []
        for server in self._addressed(zone, deadline):
            if self.was_silent(server):
                silent.append(server)
            else:
                yield server
        yield from silent

    def _addressed(self, zone: Zone, deadline: Deadline) -> Iterator[Server]:
        names = zone.servers[:MAX_SERVERS]
        # All of IPv4 first: a machine without IPv6 would else lose a turn at each of them.
        for name, kind in chain(((name, "A") for name in names), ((name, "AAAA") for name in names)):
            public = filter(self._may_ask, self._addresses(zone, name, kind, deadline))
            if address := next(public, None):
                yield Server(address=address, port=self._port, name=name)

    def _addresses(self, zone: Zone, name: str, kind: str, deadline: Deadline) -> Iterable[str]:
        if glue := [address for *owner, address in zone.glue if owner == [name, kind]]:
            return glue
        try:
            return self._known(name, kind, deadline)
        except Unanswered:
            return ()  # the next server of the zone may have an address

    def _known(self, name: str, kind: str, deadline: Deadline) -> tuple[str, ...]:
        known = self._records.get((name, kind))
        if known is None:
            known = self._recursor.ask(name, kind, deadline).values
            self._records.put((name, kind), known)
        return known


def referral(response: dns.message.Message, zone: Zone, name: str) -> Zone | None:
    """Return the zone that the servers of `zone` refer to for the name; None unless it lies between them.

    A server that refers elsewhere or upward is not responsible for its zone: lame [RFC 1912, 2.8].
    """
    servers = [rrset for rrset in response.authority if rrset.rdtype == dns.rdatatype.NS]
    if not servers:
        return None
    child, parent = servers[0].name, dns.name.from_text(zone.name)
    if child == parent or not child.is_subdomain(parent) or not dns.name.from_text(name).is_subdomain(child):
        return None
    names = tuple(host_text(record.target) for rrset in servers if rrset.name == child for record in rrset)
    glue = tuple(
        (host_text(rrset.name), dns.rdatatype.to_text(rrset.rdtype), record.to_text())
        for rrset in response.additional
        if rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA)
        for record in rrset
    )
    return Zone(name=host_text(child), servers=names, glue=glue)
