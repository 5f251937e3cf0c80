"""Asks DNS the way a check needs it: synchronous, for commands and worker threads."""

import time
from collections.abc import Callable

from domains.dns_answer import DnsAnswer, Unanswered
from domains.evidence import CaaAnswer
from domains.lookup import caa
from domains.lookup.authoritative import Authorities
from domains.lookup.cname_chain import end_of_chain, follow
from domains.lookup.deadline import Deadline
from domains.lookup.recursor import Recursor
from domains.lookup.reply import Ask, Reply
from domains.lookup.ttl_cache import TtlCache

TARGET_SECONDS = 30.0  # a thousand domains point to one target
OPINIONS = 2  # servers of a zone that are asked for the record that a customer has just created or changed


class Resolver:
    """Implements `DnsLookup`, `AddressLookup`, `CaaLookup` and `TxtLookup` of `domains.ports`.

    Without `authorities` only the recursor is asked. `lifetime` in seconds is how long one look-up may take.
    Safe to share between threads.
    """

    def __init__(
        self,
        recursor: Recursor,
        authorities: Authorities | None = None,
        *,
        lifetime: float = 8.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._recursor = recursor
        self._authorities = authorities
        self._lifetime = lifetime
        self._monotonic = monotonic
        self._targets: TtlCache[str, tuple[str, ...]] = TtlCache(TARGET_SECONDS, monotonic)

    def look_up(self, host: str) -> DnsAnswer:
        """Follow the CNAMEs from `host`, in stored form. A fault of DNS is an answer, `UNKNOWN`."""
        return follow(host, self._asking(host))

    def addresses_of(self, host: str) -> tuple[str, ...]:
        """Return the addresses at the end of the host's chain; none where they could not be had.

        Half of them would be worse than none: the other half would look foreign where they are met.
        """
        known = self._targets.get(host)
        if known is None:
            answer = follow(host, self._asking(host))
            known = () if answer.detail else answer.addresses
            self._targets.put(host, known)
        return known

    def caa_for(self, host: str, authority: str) -> CaaAnswer:
        """Tell whether the authority may issue for the host [RFC 8659]."""
        return caa.caa_for(host, authority, self._asking(host))

    def txt_records(self, name: str) -> tuple[str, ...]:
        """Return the text of each TXT record, through CNAMEs. Raises `Unanswered`."""
        ask = self._asking(name)
        return ask(end_of_chain(name, ask), "TXT").values

    def _asking(self, host: str) -> Ask:
        deadline = Deadline(self._lifetime, self._monotonic)
        return _LookUp(host, self._recursor, self._authorities, deadline).ask


class _LookUp:
    """Asks the authorities, and the recursor where they fail, until the deadline."""

    def __init__(
        self, host: str, recursor: Recursor, authorities: Authorities | None, deadline: Deadline
    ) -> None:
        self._host = host
        self._recursor = recursor
        self._authorities = authorities
        self._deadline = deadline
        self._failed: dict[str, str] = {}  # by name, what its authorities did

    def ask(self, name: str, kind: str) -> Reply:
        """Return what came back. Raises `Unanswered`."""
        if self._authorities is not None and "." in name and name not in self._failed:
            opinions = OPINIONS if (name, kind) == (self._host, "CNAME") else 1
            try:
                return self._authorities.ask(name, kind, self._deadline.half(), opinions=opinions)
            except Unanswered as fault:
                self._failed[name] = str(fault)
        try:
            return self._recursor.ask(name, kind, self._deadline)
        except Unanswered as fault:
            said = dict.fromkeys(filter(None, [self._failed.get(name), str(fault)]))
            raise Unanswered("; ".join(said)) from fault
