"""The use cases of a project's tracking domains. Names may come as typed.

Every refusal is a `domains.errors.DomainError` with one sentence that says what to do, and changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from domains import rules
from domains.dns_records import CnameRecord
from domains.errors import InvalidName, NameTaken, NoTarget, NotVerified, StillLinked, UnknownDomain
from domains.model import State, TrackingDomain
from domains.names import display, host_name, tracking_domain_name
from domains.ports import DnsLookup, DomainStore


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


class TrackingDomains:
    """Adds, shows, verifies and removes the tracking domains of one project.

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

    def add(self, name: str, *, target: str | None = None) -> TrackingDomain:
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

    def all(self, *, retired: bool = False) -> list[TrackingDomain]:
        """Return them by name; the retired ones only where asked for."""
        return [
            domain
            for domain in self._store.tracking_domains()
            if domain.project == self._project and (retired or domain.state is not State.RETIRED)
        ]

    def show(self, name: str) -> TrackingDomainDetails:
        """Return it, a retired one too, with its DNS instructions. Raises `UnknownDomain`."""
        domain = tracking_domain_named(self._store, self._project, name)
        return TrackingDomainDetails(
            domain=domain,
            record=CnameRecord(name=domain.name, target=domain.target),
            senders=self._senders_of(domain.name),
        )

    def verify(self, name: str) -> TrackingDomain:
        """Ask DNS, judge and store. Blocks; the first verified domain becomes the default of the project.

        Raises `UnknownDomain`.
        """
        answer = self._resolver.look_up(self._present(name).name)
        # Read again: the look-up takes seconds, and what was removed meanwhile must not come back.
        judged = rules.judge(self._present(name), answer, self._clock())
        self._store.update_tracking_domain(judged)
        if judged.state is State.VERIFIED and not any(each.is_default for each in self.all()):
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

    def remove(self, name: str, *, force: bool = False) -> Removal:
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

    def _present(self, name: str) -> TrackingDomain:
        return present_tracking_domain(self._store, self._project, name)

    def _senders_of(self, tracking_domain: str) -> tuple[str, ...]:
        return tuple(
            sender.name
            for sender in self._store.sending_domains()
            if sender.project == self._project and sender.tracking_domain == tracking_domain
        )


def tracking_domain_named(store: DomainStore, project: int, name: str) -> TrackingDomain:
    """Return a project's tracking domain, a retired one too. Raises `InvalidName`, `UnknownDomain`."""
    host = host_name(name)
    domain = store.find_tracking_domain(host)
    if domain is None or domain.project != project:
        raise UnknownDomain(f"no tracking domain is called {display(host)}; add it first")
    return domain


def present_tracking_domain(store: DomainStore, project: int, name: str) -> TrackingDomain:
    """Return a project's tracking domain that was not removed. Raises `InvalidName`, `UnknownDomain`."""
    domain = tracking_domain_named(store, project, name)
    if domain.state is State.RETIRED:
        raise UnknownDomain(f"{display(domain.name)} was removed; add it again first")
    return domain
