"""The use cases of tracking domains and sending domains in one project. Names may come as typed.

Every refusal is a `domains.errors.DomainError` with one sentence that says what to do, and changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypedDict

from domains import rules
from domains.dns_records import CnameRecord
from domains.errors import (
    InvalidName,
    InvalidShare,
    NameTaken,
    NoTarget,
    NotVerified,
    StillLinked,
    UnknownDomain,
)
from domains.model import ALL, SendingDomain, State, TrackingDomain
from domains.names import display, host_name, tracking_domain_name
from domains.ports import DnsLookup, DomainStore
from rewriter.policy import Mode


class SenderSettings(TypedDict, total=False):
    """What to set of a sending domain. What is left out stays as it is."""

    tracking: Mode | None  # None goes back to what the project says
    share: int  # per cent


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingDomainDetails:
    """A tracking domain with the record that makes it work, and the sending domains linked to it."""

    domain: TrackingDomain
    record: CnameRecord
    senders: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What became of a removed tracking domain: retired where it was ever verified, else deleted."""

    name: str
    retired: bool
    unlinked: tuple[str, ...]  # sending domains that go back to the default


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkResult:
    """A linked sending domain. `note` says where mail does not use the link yet, "" otherwise."""

    domain: SendingDomain
    note: str


class Registry:
    """Adds, shows, verifies, links and removes the domains of one project.

    `targets` are the configured CNAME targets in stored form, the first of them the one to use by default.
    """

    def __init__(
        self,
        *,
        store: DomainStore,
        resolver: DnsLookup,
        targets: tuple[str, ...],
        clock: Callable[[], datetime],
        project: int,
    ) -> None:
        self._store = store
        self._resolver = resolver
        self._targets = targets
        self._clock = clock
        self._project = project

    def add_tracking_domain(self, name: str, *, target: str | None = None) -> TrackingDomain:
        """Add it as pending; a retired one comes back as pending.

        Raises `InvalidName`, `NameTaken`, `NoTarget`.
        """
        chosen = self._target(target)
        host = tracking_domain_name(name)
        if host in self._targets:
            raise InvalidName(
                f"{display(host)} is a CNAME target of ours; use a subdomain of the sender's domain"
            )
        known = self._store.find_tracking_domain(host)
        if known is None:
            return self._store.add_tracking_domain(
                project=self._project, name=host, target=chosen, created_at=self._clock()
            )
        if known.project != self._project or known.state is not State.RETIRED:
            raise NameTaken(
                f"{display(host)} is a tracking domain already ({known.state}); choose another name"
            )
        revived = replace(known, target=chosen, state=State.PENDING, diagnosis="", checked_at=None)
        self._store.update_tracking_domain(revived)
        return revived

    def tracking_domains(self, *, retired: bool = False) -> list[TrackingDomain]:
        """Return them by name; the retired ones only where asked for."""
        return [
            domain
            for domain in self._store.tracking_domains()
            if domain.project == self._project and (retired or domain.state is not State.RETIRED)
        ]

    def show_tracking_domain(self, name: str) -> TrackingDomainDetails:
        """Return it, a retired one too, with its DNS instructions. Raises `UnknownDomain`."""
        domain = self._tracking_domain(name)
        return TrackingDomainDetails(
            domain=domain,
            record=CnameRecord(name=domain.name, target=domain.target),
            senders=self._senders_of(domain.name),
        )

    def verify_tracking_domain(self, name: str) -> TrackingDomain:
        """Ask DNS, judge and store. Blocks; the first verified domain becomes the default of the project.

        Raises `UnknownDomain`.
        """
        answer = self._resolver.look_up(self._present(name).name)
        # Read again: the look-up takes seconds, and what was removed meanwhile must not come back.
        judged = rules.judge(self._present(name), answer, self._clock())
        self._store.update_tracking_domain(judged)
        if judged.state is State.VERIFIED and not any(each.is_default for each in self.tracking_domains()):
            self._store.make_default(judged.name)
            return replace(judged, is_default=True)
        return judged

    def set_default(self, name: str) -> TrackingDomain:
        """Make it the default of the project. Raises `UnknownDomain`, `NotVerified`."""
        domain = self._present(name)
        if domain.state is not State.VERIFIED:
            raise NotVerified(
                f"{display(domain.name)} is {domain.state}; verify it before it becomes the default"
            )
        self._store.make_default(domain.name)
        return replace(domain, is_default=True)

    def remove_tracking_domain(self, name: str, *, force: bool = False) -> Removal:
        """Retire it, or delete it where it was never verified; links in mail already sent live on.

        Raises `UnknownDomain`, and `StillLinked` unless `force` unlinks its sending domains.
        """
        domain = self._present(name)
        senders = self._senders_of(domain.name)
        if senders and not force:
            listed = ", ".join(display(sender) for sender in senders)
            raise StillLinked(
                f"{display(domain.name)} is linked to {listed}; unlink first, or force the removal to unlink"
            )
        retired = domain.verified_at is not None
        if retired:
            self._store.retire_tracking_domain(domain.name)
        else:
            self._store.delete_tracking_domain(domain.name)
        return Removal(name=domain.name, retired=retired, unlinked=senders)

    def add_sending_domain(self, name: str) -> SendingDomain:
        """Add it, not linked to anything. Raises `InvalidName`, `NameTaken`."""
        host = host_name(name)
        if self._store.find_sending_domain(host):
            raise NameTaken(f"{display(host)} is a sending domain already; link it, or choose another name")
        return self._store.add_sending_domain(project=self._project, name=host, created_at=self._clock())

    def sending_domains(self) -> list[SendingDomain]:
        """Return them by name."""
        return [domain for domain in self._store.sending_domains() if domain.project == self._project]

    def show_sending_domain(self, name: str) -> SendingDomain:
        """Raises `UnknownDomain`."""
        host = host_name(name)
        domain = self._store.find_sending_domain(host)
        if domain is None or domain.project != self._project:
            raise UnknownDomain(f"no sending domain is called {display(host)}; add it first")
        return domain

    def link(self, sender: str, tracking_domain: str) -> LinkResult:
        """Link a sending domain to a tracking domain, in place of the one before. Raises `UnknownDomain`."""
        sending = self.show_sending_domain(sender)
        tracking = self._present(tracking_domain)
        self._store.link(sending.name, tracking.name)
        note = ""
        if tracking.state is not State.VERIFIED:
            note = f"{display(tracking.name)} is {tracking.state}; mail uses it once it is verified"
        return LinkResult(domain=replace(sending, tracking_domain=tracking.name), note=note)

    def unlink(self, sender: str) -> SendingDomain:
        """Take a sending domain back to the default. Raises `UnknownDomain`."""
        sending = self.show_sending_domain(sender)
        self._store.link(sending.name, None)
        return replace(sending, tracking_domain=None)

    def change_sending_domain(self, name: str, settings: SenderSettings) -> SendingDomain:
        """Set how far it has gone live. Raises `UnknownDomain`, `InvalidShare`."""
        changed = replace(self.show_sending_domain(name), **settings)
        if not 0 <= changed.share <= ALL:
            raise InvalidShare(f"a share of {changed.share} is no per cent; give a number from 0 to {ALL}")
        self._store.update_sending_domain(changed)
        return changed

    def remove_sending_domain(self, name: str) -> None:
        """Raises `UnknownDomain`."""
        self._store.delete_sending_domain(self.show_sending_domain(name).name)

    def _target(self, wanted: str | None) -> str:
        if not self._targets:
            raise NoTarget(
                "no CNAME target is configured; set domains.cname_targets to a host of this installation"
            )
        if wanted is None:
            return self._targets[0]
        target = host_name(wanted)
        if target not in self._targets:
            listed = ", ".join(self._targets)
            raise InvalidName(f"{display(target)} is not among the CNAME targets; choose one of {listed}")
        return target

    def _tracking_domain(self, name: str) -> TrackingDomain:
        host = host_name(name)
        domain = self._store.find_tracking_domain(host)
        if domain is None or domain.project != self._project:
            raise UnknownDomain(f"no tracking domain is called {display(host)}; add it first")
        return domain

    def _present(self, name: str) -> TrackingDomain:
        domain = self._tracking_domain(name)
        if domain.state is State.RETIRED:
            raise UnknownDomain(f"{display(domain.name)} was removed; add it again first")
        return domain

    def _senders_of(self, tracking_domain: str) -> tuple[str, ...]:
        return tuple(
            sender.name for sender in self.sending_domains() if sender.tracking_domain == tracking_domain
        )
