"""Which hosts may have a certificate: tracking domains that were verified once, while DNS leads here."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from certificates.errors import StoreUnavailable
from domains.errors import StoreUnavailable as DomainsUnavailable
from domains.evidence import Evidence
from domains.findings import Verdict, find
from domains.model import State, TrackingDomain
from domains.ports import AddressLookup, DnsLookup, DomainStore


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRule:
    """`targets` are all CNAME targets of the installation."""

    store: DomainStore
    lookup: DnsLookup
    addresses: AddressLookup
    targets: Collection[str]
    clock: Callable[[], datetime]

    def may_issue(self, host: str) -> bool:
        """Tell whether `host` may have one now. Blocks. Raises certificates.errors.StoreUnavailable.

        A verified domain is under checks. One that was verified before, and was removed, renamed or failed,
        is looked at now: links in mail already sent need the certificate, and whoever took over its DNS must
        not be given one by us.
        """
        try:
            domain = self.store.find_tracking_domain(host)
        except DomainsUnavailable as error:
            raise StoreUnavailable(str(error)) from error
        if domain is None or domain.verified_at is None:
            return False
        return domain.state is State.VERIFIED or self._points_here(domain)

    def _points_here(self, domain: TrackingDomain) -> bool:
        seen = Evidence(
            at=self.clock(),
            dns=self.lookup.look_up(domain.name),
            target_addresses=self.addresses.addresses_of(domain.target),
        )
        return find(domain, seen, self.targets).verdict is Verdict.GOOD
