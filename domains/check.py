"""The whole look at a tracking domain: DNS, its target, CAA, HTTP, HTTPS, HSTS. Implements `DomainCheck`."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from domains.evidence import Evidence, HstsPolicy
from domains.model import Scheme, TrackingDomain
from domains.ports import AddressLookup, CaaLookup, DnsLookup
from domains.probing.hsts import ParentPolicies
from domains.probing.probe import Probe

Seen = Callable[[Evidence], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Each step is bounded by itself; none begins once `seconds` are over, and it is as if it saw nothing.

    `authority` is the certificate authority that CAA records must allow, "" for none. `clock` gives the time
    that the evidence bears.
    """

    lookup: DnsLookup
    addresses: AddressLookup
    caa: CaaLookup
    authority: str
    probe: Probe
    parents: ParentPolicies
    clock: Callable[[], datetime]
    monotonic: Callable[[], float] = time.monotonic
    seconds: float = 20.0

    def look_at(self, domain: TrackingDomain, seen: Seen) -> Evidence:
        """Return all that was seen; see `domains.ports.DomainCheck`."""
        ends = self.monotonic() + self.seconds
        evidence = Evidence(at=self.clock(), dns=self.lookup.look_up(domain.name))
        seen(evidence)
        for step in (self._ask_target, self._ask_caa, self._probe_http, self._probe_https):
            if self.monotonic() < ends:
                evidence = step(domain, evidence)
                seen(evidence)
        return self._ask_parents(domain, evidence, seen, ends)

    def _ask_target(self, domain: TrackingDomain, evidence: Evidence) -> Evidence:
        return replace(evidence, target_addresses=self.addresses.addresses_of(domain.target))

    def _ask_caa(self, domain: TrackingDomain, evidence: Evidence) -> Evidence:
        if not self.authority:
            return evidence
        answer = self.caa.caa_for(domain.name, self.authority)
        return replace(evidence, caa=replace(answer, authority=self.authority))

    def _probe_http(self, domain: TrackingDomain, evidence: Evidence) -> Evidence:
        answer, _ = self.probe.ask(Scheme.HTTP, domain, evidence)
        return replace(evidence, http=answer)

    def _probe_https(self, domain: TrackingDomain, evidence: Evidence) -> Evidence:
        answer, policy = self.probe.ask(Scheme.HTTPS, domain, evidence)
        return replace(evidence, https=answer, hsts=(policy,) if policy else ())

    def _ask_parents(self, domain: TrackingDomain, evidence: Evidence, seen: Seen, ends: float) -> Evidence:
        policies: list[HstsPolicy] = []
        parents = iter(self.parents.over(domain.name))  # each step asks one of them
        while self.monotonic() < ends and (policy := next(parents, None)):
            policies.append(policy)
        if policies:
            evidence = replace(evidence, hsts=(*evidence.hsts, *policies))
            seen(evidence)
        return evidence
