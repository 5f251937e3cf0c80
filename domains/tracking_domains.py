"""The use cases of a project's tracking domains. Names may come as typed.

Every refusal is a `domains.errors.DomainError` with one sentence that says what to do, and changes nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypedDict

from domains import steps
from domains.claims import Claims
from domains.diagnosis import Diagnosis, explain
from domains.dns_records import CnameRecord
from domains.errors import (
    ChangedMeanwhile,
    InvalidName,
    NameTaken,
    NoTarget,
    NotVerified,
    StillLinked,
    UnknownDomain,
)
from domains.evidence import Evidence
from domains.history import Change, Step
from domains.listing import StateCounts, TrackingFilter
from domains.model import Https, State, TrackingDomain
from domains.names import display, host_name, normalised, tracking_domain_name
from domains.ownership import Kind
from domains.ports import DomainCheck, DomainStore
from domains.rules import CheckPolicy, judge
from domains.signs import Signs, signs_of


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingDomainDetails:
    """A tracking domain with the record that makes it work, and the sending domains linked to it.

    `evidence` is what the last check saw, None before the first; `told` says what there is to say of it.
    """

    domain: TrackingDomain
    record: CnameRecord
    senders: tuple[str, ...]
    evidence: Evidence | None
    told: Diagnosis | None
    signs: Signs


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What became of a removed tracking domain: retired where it was ever verified, else deleted."""

    name: str
    retired: bool
    unlinked: tuple[str, ...]  # sending domains that go back to the default


class DomainSettings(TypedDict, total=False):
    """What to change of a tracking domain. What is left out stays as it is."""

    name: str  # as typed
    target: str  # as typed
    https: Https


class TrackingDomains:
    """Adds, shows, verifies, changes and removes the tracking domains of one project.

    The first of the policy's targets is the one to use by default. `jitter` returns a number in [0, 1).
    `claims` are the project's.
    `announce` is told each change of which the history has an entry, once it is stored.
    """

    def __init__(
        self,
        *,
        store: DomainStore,
        check: DomainCheck,
        policy: CheckPolicy,
        clock: Callable[[], datetime],
        jitter: Callable[[], float],
        announce: Callable[[Change], None],
        claims: Claims,
        project: int,
    ) -> None:
        self._store = store
        self._check = check
        self._policy = policy
        self._clock = clock
        self._jitter = jitter
        self._announce = announce
        self._claims = claims
        self._project = project

    @property
    def targets(self) -> tuple[str, ...]:
        """Where tracking domains may point to."""
        return self._policy.targets

    def add(self, name: str, *, target: str | None = None, https: Https = Https.AUTO) -> TrackingDomain:
        """Add it as pending; a retired one comes back as pending.

        One that is retired in another project is this project's once this one proves it. Raises
        `InvalidName`, `NameTaken`, `NoTarget`, `ProofNeeded`, `ChangedMeanwhile`.
        """
        chosen = self._target(target)
        host = self._usable_name(name)
        known = self._store.find_tracking_domain(host)
        if known is None:
            added = self._store.add_tracking_domain(
                project=self._project, name=host, target=chosen, https=https, created_at=self._clock()
            )
            self._announce(steps.added(added))
            return added
        if known.state is not State.RETIRED:
            raise _taken(known)
        if known.project != self._project:
            return self._take_over(known, target=chosen, https=https)
        return self._record(steps.revived(known, target=chosen, https=https, now=self._clock()))

    def all(self, *, retired: bool = False) -> list[TrackingDomain]:
        """Return them by name; the retired ones only where asked for."""
        return self._store.tracking_domains(TrackingFilter(project=self._project, retired=retired))

    def page(
        self,
        *,
        limit: int,
        behind: str = "",
        state: State | None = None,
        retired: bool = False,
        search: str = "",
    ) -> list[TrackingDomain]:
        """Return up to `limit` of them by name, those behind a stored name.

        `search` is a part of a name as typed. Retired ones only where asked for, by `state` or `retired`.
        """
        wanted = TrackingFilter(
            project=self._project,
            state=state,
            retired=retired or state is State.RETIRED,
            search=normalised(search.strip()),
            behind=behind,
            limit=limit,
        )
        return self._store.tracking_domains(wanted)

    def signs(self, domains: Iterable[TrackingDomain]) -> Mapping[str, Signs]:
        """Return what the last check of each showed, by name."""
        listed = {domain.name: domain for domain in domains}
        seen = self._store.evidence_of(listed)
        return {name: signs_of(domain, seen.get(name), self.targets) for name, domain in listed.items()}

    def counts(self) -> StateCounts:
        """Return how many are in each state."""
        return self._store.count_tracking_domains(self._project)

    def numbered(self, number: int) -> TrackingDomain:
        """Return that of an id, a retired one too. Raises `UnknownDomain`."""
        domain = self._store.tracking_domain_numbered(number)
        if domain is None or domain.project != self._project:
            raise UnknownDomain(f"no tracking domain has the id {number}; the list shows them")
        return domain

    def show(self, name: str) -> TrackingDomainDetails:
        """Return it, a retired one too, with its DNS instructions. Raises `UnknownDomain`."""
        domain = tracking_domain_named(self._store, self._project, name)
        evidence = self._store.evidence_of([domain.name]).get(domain.name)
        return TrackingDomainDetails(
            domain=domain,
            record=CnameRecord(name=domain.name, target=domain.target),
            senders=self._store.senders_of(domain.name),
            evidence=evidence,
            told=explain(domain, evidence, self.targets) if evidence else None,
            signs=signs_of(domain, evidence, self.targets),
        )

    def history(
        self, name: str, *, newest: bool = False, beyond: int | None = None, limit: int | None = None
    ) -> list[Change]:
        """Return what happened to a name, a deleted one too, the oldest or the newest first.

        `beyond`: what follows the entry of that number, in this order. Raises `UnknownDomain`.
        """
        host = host_name(name)
        entries = self._store.history(self._project, host, newest=newest, beyond=beyond, limit=limit)
        if not entries and not self._store.history(self._project, host, limit=1):
            tracking_domain_named(self._store, self._project, host)  # from before there was a history
        return entries

    def verify(self, name: str, seen: Callable[[Evidence], None] = lambda _: None) -> TrackingDomain:
        """Check it now, judge at once and store. Blocks; `seen` as for `DomainCheck`.

        Raises `UnknownDomain`, and `ChangedMeanwhile` where somebody changed it while it was looked at.
        """
        domain = self._present(name)
        evidence = self._check.look_at(domain, seen)
        # Read again: the look takes seconds, and what was removed meanwhile must not come back.
        present = self._present(name)
        if (present.id, present.target) != (domain.id, domain.target):
            raise ChangedMeanwhile(f"{display(domain.name)} was changed meanwhile; verify it again")
        return self._record(
            judge(
                present,
                evidence,
                self._clock(),
                policy=self._policy,
                by_hand=True,
                jitter=self._jitter(),
            )
        )

    def change(self, name: str, settings: DomainSettings) -> TrackingDomain:
        """Set target and use of HTTPS, or give it another name.

        Another target or name starts over as pending. The old name is kept as after removal, and its sending
        domains follow the new one. Raises `UnknownDomain`, `InvalidName`, `NameTaken`, `NoTarget`,
        `ChangedMeanwhile`.
        """
        domain = self._present(name)
        target = self._target(settings["target"]) if "target" in settings else domain.target
        https = settings.get("https", domain.https)
        if "name" in settings and host_name(settings["name"]) != domain.name:
            return self._rename(domain, settings["name"], target=target, https=https)
        return self._record(steps.changed(domain, target=target, https=https, now=self._clock()))

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

        Raises `UnknownDomain`, `ChangedMeanwhile`, and `StillLinked` unless `force` unlinks its senders.
        """
        domain = self._present(name)
        senders = self._store.senders_of(domain.name)
        if senders and not force:
            listed = ", ".join(display(sender) for sender in senders)
            raise StillLinked(
                f"{display(domain.name)} is linked to {listed}; unlink first, or force the removal to unlink"
            )
        step = steps.removed(domain, self._clock())
        self._store.remove_tracking_domain(step, unlinking=senders)
        self._announce_all(step)
        return Removal(name=domain.name, retired=step.after is not None, unlinked=senders)

    def _take_over(self, retired: TrackingDomain, *, target: str, https: Https) -> TrackingDomain:
        claim = self._claims.proven(Kind.TRACKING, retired.name)
        step = steps.taken_over(retired, project=self._project, target=target, https=https, now=self._clock())
        taken = self._record(step)
        self._claims.end(claim)  # by itself: one that is left over proves only what was proven
        return taken

    def _rename(self, domain: TrackingDomain, name: str, *, target: str, https: Https) -> TrackingDomain:
        host = self._free_name(name)
        retired = self._store.find_tracking_domain(host)
        step, left = steps.renamed(
            domain,
            name=host,
            target=target,
            https=https,
            verified_at=retired.verified_at if retired else None,
            now=self._clock(),
        )
        renamed = self._store.rename_tracking_domain(step, left)
        self._announce_all(left, step)
        return renamed

    def _record(self, step: Step) -> TrackingDomain:
        recorded = self._store.record(step)
        self._announce_all(step)
        return recorded

    def _announce_all(self, *taken: Step) -> None:
        for step in taken:
            if step.change is not None:
                self._announce(step.change)

    def _free_name(self, name: str) -> str:
        """Return the stored form of a name that nobody uses: unknown, or retired in this project."""
        host = self._usable_name(name)
        known = self._store.find_tracking_domain(host)
        if known and (known.project != self._project or known.state is not State.RETIRED):
            raise _taken(known)
        return host

    def _usable_name(self, name: str) -> str:
        host = tracking_domain_name(name)
        if host in self._policy.targets:
            raise InvalidName(
                f"{display(host)} is a CNAME target of ours; use a subdomain of the sender's domain"
            )
        return host

    def _target(self, wanted: str | None) -> str:
        if not self._policy.targets:
            raise NoTarget(
                "no CNAME target is configured; set domains.cname_targets to a host of this installation"
            )
        if wanted is None:
            return self._policy.targets[0]
        target = host_name(wanted)
        if target not in self._policy.targets:
            listed = ", ".join(self._policy.targets)
            raise InvalidName(f"{display(target)} is not among the CNAME targets; choose one of {listed}")
        return target

    def _present(self, name: str) -> TrackingDomain:
        return present_tracking_domain(self._store, self._project, name)


def _taken(known: TrackingDomain) -> NameTaken:
    return NameTaken(
        f"{display(known.name)} is a tracking domain already ({known.state}); choose another name"
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
