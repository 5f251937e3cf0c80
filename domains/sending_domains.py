"""The use cases of a project's sending domains. Names may come as typed.

Every refusal is a `domains.errors.DomainError` with one sentence that says what to do, and changes nothing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypedDict, cast

from domains.claims import Claims, ProofSeen
from domains.dns_records import TxtRecord
from domains.errors import InvalidShare, NameTaken, UnknownDomain
from domains.listing import SenderCounts, SendingFilter
from domains.model import ALL, SendingDomain, State
from domains.names import display, host_name, normalised, parents_within_registrable
from domains.ownership import Claim, Kind, Ownership, Proof, ownership, ownership_record
from domains.ports import DomainStore
from domains.sender_rules import RuleSettings, host_patterns
from domains.tracking_domains import present_tracking_domain
from links.recipients import RecipientTracking
from rewriter.policy import Mode


class SenderSettings(TypedDict, total=False):
    """What to set of a sending domain. What is left out stays as it is."""

    tracking: Mode | None  # None goes back to what the project says
    share: int  # per cent
    recipients: RecipientTracking | None  # the same


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingDomainDetails:
    """A sending domain, whose it is, and the record that proves it."""

    domain: SendingDomain
    ownership: Ownership
    carries_link: bool  # whether its link to a tracking domain counts
    record: TxtRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkResult:
    """A linked sending domain. `note` says where mail does not use the link yet, "" otherwise."""

    domain: SendingDomain
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """A look for the record of a sending domain. `verified`: whether it is proven now, or was before."""

    name: str
    verified: bool
    seen: ProofSeen


class SendingDomains:
    """Adds, shows, verifies, links and removes the sending domains of one project.

    `claims` are that project's. `require_verified`: a link counts only when its sending domain is verified.
    """

    def __init__(
        self,
        *,
        store: DomainStore,
        claims: Claims,
        clock: Callable[[], datetime],
        project: int,
        require_verified: bool = False,
    ) -> None:
        self._store = store
        self._claims = claims
        self._clock = clock
        self._project = project
        self._require_verified = require_verified

    def add(self, name: str) -> SendingDomain:
        """Add it, not linked to anything.

        One that another project has without having proved it is this project's once this one proves it.
        Raises `InvalidName`, `NameTaken`, `ProofNeeded`.
        """
        host = host_name(name)
        known = self._store.find_sending_domain(host)
        if known is None:
            return self._store.add_sending_domain(
                project=self._project,
                name=host,
                created_at=self._clock(),
                token=self._claims.token(),
            )
        if known.project == self._project:
            raise NameTaken(f"{display(host)} is a sending domain already; link it, or choose another name")
        if self._ownership(known).verified:
            raise NameTaken(f"{display(host)} is another project's, verified; remove it there first")
        return self._claims.take_sending_domain(self._claims.proven(Kind.SENDING, host))

    def all(self) -> list[SendingDomain]:
        """Return them by name."""
        return self._store.sending_domains(SendingFilter(project=self._project))

    def all_details(self) -> list[SendingDomainDetails]:
        """Return them by name, with whose they are."""
        return self._judged(self.all())

    def page(self, *, limit: int, behind: str = "", search: str = "") -> list[SendingDomainDetails]:
        """Return up to `limit` of them by name, those behind a stored name, with whose they are.

        `search` is a part of a name as typed.
        """
        wanted = SendingFilter(
            project=self._project, search=normalised(search.strip()), behind=behind, limit=limit
        )
        return self._judged(self._store.sending_domains(wanted))

    def counts(self) -> SenderCounts:
        """Return how many there are."""
        return self._store.count_sending_domains(self._project)

    def show(self, name: str) -> SendingDomain:
        """Raises `UnknownDomain`."""
        host = host_name(name)
        domain = self._store.find_sending_domain(host)
        if domain is None or domain.project != self._project:
            raise UnknownDomain(f"no sending domain is called {display(host)}; add it first")
        return domain

    def details(self, name: str) -> SendingDomainDetails:
        """Raises `UnknownDomain`."""
        [details] = self._judged([self.show(name)])
        return details

    def verify(self, name: str) -> Verification:
        """Ask DNS for the record. Blocks; what is verified stays so, whatever DNS says.

        A claim of this project's is fulfilled too. Raises `UnknownDomain`, `NameTaken`.
        """
        host = host_name(name)
        known = self._store.find_sending_domain(host)
        claim = self._claims.find(Kind.SENDING, host)
        if claim and not (known and known.project == self._project):
            return self._verify_claim(claim)
        domain = self.show(host)
        seen = self._claims.look(host, domain.token)
        if seen.proof is Proof.FOUND:
            self._store.verify_sending_domain(host, domain.token, self._clock())
        verified = seen.proof is Proof.FOUND or domain.verified_at is not None
        return Verification(name=host, verified=verified, seen=seen)

    def link(self, sender: str, tracking_domain: str) -> LinkResult:
        """Link a sending domain to a tracking domain, in place of the one before. Raises `UnknownDomain`."""
        sending = self.details(sender)
        tracking = present_tracking_domain(self._store, self._project, tracking_domain)
        self._store.link(sending.domain.name, tracking.name)
        lacking = []
        if tracking.state is not State.VERIFIED:
            lacking.append(f"{display(tracking.name)} is {tracking.state}")
        if not sending.carries_link:
            lacking.append(f"{display(sending.domain.name)} is {sending.ownership.standing}")
        note = f"{' and '.join(lacking)}; mail uses it once it is verified" if lacking else ""
        return LinkResult(domain=replace(sending.domain, tracking_domain=tracking.name), note=note)

    def unlink(self, sender: str) -> SendingDomain:
        """Take a sending domain back to the default. Raises `UnknownDomain`."""
        sending = self.show(sender)
        self._store.link(sending.name, None)
        return replace(sending, tracking_domain=None)

    def change(self, name: str, settings: SenderSettings, rules: RuleSettings | None = None) -> SendingDomain:
        """Set how far it has gone live, and the rules for its mail.

        Raises `UnknownDomain`, `InvalidShare`, and `InvalidName` for a host of the rules.
        """
        before = self.show(name)
        said = cast(RuleSettings, dict(rules or {}))
        if excluded := said.get("excluded_hosts"):
            said["excluded_hosts"] = host_patterns(excluded)
        if allowed := said.get("allowed_destinations"):
            said["allowed_destinations"] = host_patterns(allowed)
        changed = replace(before, rules=replace(before.rules, **said), **settings)
        if not 0 <= changed.share <= ALL:
            raise InvalidShare(f"a share of {changed.share} is no per cent; give a number from 0 to {ALL}")
        self._store.update_sending_domain(changed)
        return changed

    def remove(self, name: str) -> None:
        """Raises `UnknownDomain`."""
        self._store.delete_sending_domain(self.show(name).name)

    def _verify_claim(self, claim: Claim) -> Verification:
        seen = self._claims.look(claim.name, claim.token)
        proven = seen.proof is Proof.FOUND
        if proven:
            self._claims.take_sending_domain(claim)
        return Verification(name=claim.name, verified=proven, seen=seen)

    def _judged(self, domains: Iterable[SendingDomain]) -> list[SendingDomainDetails]:
        known = self._above(domains)
        return [self._details(domain, ownership(domain, known)) for domain in domains]

    def _ownership(self, domain: SendingDomain) -> Ownership:
        return ownership(domain, self._above([domain]))

    def _above(self, domains: Iterable[SendingDomain]) -> dict[str, SendingDomain]:
        """Return the sending domains above these, of every project, by name."""
        names = {parent for domain in domains for parent in parents_within_registrable(domain.name)}
        return {parent.name: parent for parent in self._store.find_sending_domains(names)}

    def _details(self, domain: SendingDomain, owned: Ownership) -> SendingDomainDetails:
        return SendingDomainDetails(
            domain=domain,
            ownership=owned,
            carries_link=owned.carries_link(require_verified=self._require_verified),
            record=ownership_record(domain.name, domain.token),
        )
