"""What the domain use cases need from outside.

Adapters: `storage.domain_store` and `domains.lookup.resolver`; fakes in tests.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Protocol

from domains.directory_entries import DomainChanges, DomainEntries
from domains.dns_answer import DnsAnswer
from domains.due import Backlog
from domains.evidence import CaaAnswer, Evidence
from domains.history import Change, Step
from domains.listing import (
    ALL_SENDING,
    ALL_TRACKING,
    SenderCounts,
    SendingFilter,
    StateCounts,
    TrackingFilter,
)
from domains.model import Https, SendingDomain, TrackingDomain
from domains.ownership import Claim, Kind


class DnsLookup(Protocol):
    """Asks DNS. Blocks."""

    def look_up(self, host: str) -> DnsAnswer:
        """Follow the CNAMEs from `host`; a fault of DNS is an answer with status `UNKNOWN`."""


class AddressLookup(Protocol):
    """Asks for the addresses of our own targets. Blocks; remembers the answer for some seconds."""

    def addresses_of(self, host: str) -> tuple[str, ...]:
        """Return the IPv4 and IPv6 addresses at the end of its chain; none where they could not be had."""


class CaaLookup(Protocol):
    """Asks whether a certificate authority may issue. Blocks."""

    def caa_for(self, host: str, authority: str) -> CaaAnswer:
        """Judge as `authority`, such as letsencrypt.org, would; a fault of DNS is an answer, `UNKNOWN`."""


class TxtLookup(Protocol):
    """Asks for the text records that prove whose a domain is. Blocks."""

    def txt_records(self, name: str) -> tuple[str, ...]:
        """Return the text of each record, none where there is a definite no.

        Raises `domains.dns_answer.Unanswered`, which says nothing about the records.
        """


class DomainCheck(Protocol):
    """Looks at a tracking domain: DNS, CAA, HTTP, HTTPS, HSTS. Blocks, some seconds at most."""

    def look_at(self, domain: TrackingDomain, seen: Callable[[Evidence], None]) -> Evidence:
        """Return all that was seen. `seen` is told after each step what there is so far, for who watches.

        Never raises: what could not be seen is part of the evidence. Safe to use from several threads.
        """


class DomainStore(Protocol):
    """Keeps domains. Each method is one transaction.

    Every method raises `domains.errors.StoreUnavailable` where the database cannot be reached. Names come in
    stored form (`domains.names.host_name`) and are unique across the installation, not only in a project.
    """

    def version(self) -> int:
        """Return a number that grows with every committed change to any domain."""

    def entries(self) -> DomainEntries:
        """Return what the directory needs of all of them, of one moment."""

    def changes_since(self, version: int) -> DomainChanges | None:
        """Return what the directory needs of those that changed after `version`, of one moment.

        None where that is not known any more, or is so much that reading all is better.
        """

    def tracking_domains(self, wanted: TrackingFilter = ALL_TRACKING) -> list[TrackingDomain]:
        """Return them by name, retired ones too."""

    def count_tracking_domains(self, project: int) -> StateCounts:
        """Return how many of a project are in each state."""

    def find_tracking_domain(self, name: str) -> TrackingDomain | None:
        """Return it, a retired one too."""

    def tracking_domain_numbered(self, number: int) -> TrackingDomain | None:
        """Return that of an id, a retired one too."""

    def evidence_of(self, names: Collection[str]) -> Mapping[str, Evidence]:
        """Return what the last check of each tracking domain saw; those without a check are left out."""

    def history(
        self,
        project: int,
        name: str,
        *,
        newest: bool = False,
        beyond: int | None = None,
        limit: int | None = None,
    ) -> list[Change]:
        """Return what happened to a project's tracking domain of that name, the oldest or the newest first.

        `beyond`: what follows the entry of that number, in this order.
        """

    def add_tracking_domain(
        self, *, project: int, name: str, target: str, created_at: datetime, https: Https = Https.AUTO
    ) -> TrackingDomain:
        """Add it as pending and to be checked at once. Raises `domains.errors.NameTaken`."""

    def record(self, step: Step) -> TrackingDomain:
        """Store what became of a tracking domain, its entry in the history and the evidence.

        All but id, name and `is_default`: a domain that becomes verified becomes the default where
        its project has none, as the result tells. The version grows only where mail or clicks fare otherwise.
        Raises `domains.errors.ChangedMeanwhile`, and stores nothing, where it is no longer as it was before.
        """

    def rename_tracking_domain(self, step: Step, left: Step) -> TrackingDomain:
        """Take `step` to another name, the sending domains and `is_default` with it, and keep what is `left`.

        A retired domain of the same project gives way. Raises `domains.errors.ChangedMeanwhile`, `NameTaken`.
        """

    def remove_tracking_domain(self, step: Step, *, unlinking: tuple[str, ...]) -> None:
        """Retire or delete it as `step` says, unlinking its sending domains, which must be just these.

        Raises `domains.errors.ChangedMeanwhile`.
        """

    def make_default(self, name: str) -> None:
        """Make it the only default of its project. Raises `domains.errors.UnknownDomain`."""

    def sending_domains(self, wanted: SendingFilter = ALL_SENDING) -> list[SendingDomain]:
        """Return them by name."""

    def count_sending_domains(self, project: int) -> SenderCounts:
        """Return how many a project has."""

    def find_sending_domain(self, name: str) -> SendingDomain | None:
        """Return it, or None."""

    def find_sending_domains(self, names: Collection[str]) -> list[SendingDomain]:
        """Return those of the names that there are."""

    def senders_of(self, tracking_domain: str) -> tuple[str, ...]:
        """Return the names of the sending domains linked to a tracking domain, in order."""

    def add_sending_domain(
        self, *, project: int, name: str, created_at: datetime, token: str
    ) -> SendingDomain:
        """Add it with nothing set, unverified. Raises `domains.errors.NameTaken`."""

    def verify_sending_domain(self, name: str, token: str, verified_at: datetime) -> None:
        """Write down that it is proven; one that is stays as it is.

        Raises `domains.errors.UnknownDomain`, also where its token is another: it was given away meanwhile.
        """

    def link(self, sender: str, tracking_domain: str | None) -> None:
        """Link the sending domain, or unlink it with None; doing so twice changes nothing.

        Raises `domains.errors.UnknownDomain` where either of them does not exist.
        """

    def update_sending_domain(self, domain: SendingDomain) -> None:
        """Write `tracking`, `share` and `rules`, by its name. Raises `domains.errors.UnknownDomain`."""

    def delete_sending_domain(self, name: str) -> None:
        """Raises `domains.errors.UnknownDomain`."""


class ClaimStore(Protocol):
    """Keeps claims, and fulfils them. Each method is one transaction, with the errors of `DomainStore`."""

    def claim(self, made: Claim) -> Claim:
        """Return the claim of that project to that name which counts at `made.created_at`, else keep `made`.

        All claims that have expired by then are deleted.
        """

    def find_claim(self, project: int, kind: Kind, name: str) -> Claim | None:
        """Return it, an expired one too."""

    def end(self, claim: Claim) -> None:
        """Delete it; one that is gone changes nothing."""

    def take_sending_domain(self, claim: Claim, at: datetime) -> SendingDomain:
        """Give the name to the project of the claim, verified, with nothing set; the claim ends.

        Raises `domains.errors.NameTaken` where another project has proved it meanwhile.
        """


class CheckLeases(Protocol):
    """Hands out the checks that are due, each to one of any number of processes on any number of machines.

    A lease ends when the check is recorded, when it is released, or by itself: what a process that died had
    taken is handed out again. Every method raises `domains.errors.StoreUnavailable` where the database
    cannot be reached.
    """

    def take_due(self, owner: str, *, limit: int, seconds: float) -> list[TrackingDomain]:
        """Lease up to `limit` domains to `owner` for so many seconds, the longest due first."""

    def release(self, owner: str) -> None:
        """End the leases of `owner`."""

    def backlog(self) -> Backlog:
        """Return how many checks are due and not leased."""
