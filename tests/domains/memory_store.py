"""A `domains.ports.DomainStore` and `ClaimStore` in memory, for tests of everything above the store."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from domains.directory_entries import DomainChanges, DomainEntries, SendingEntry, TrackingEntry
from domains.errors import ChangedMeanwhile, NameTaken, StoreUnavailable, UnknownDomain
from domains.evidence import Evidence
from domains.history import Change, Step
from domains.listing import (
    ALL_SENDING,
    ALL_TRACKING,
    SenderCounts,
    SendingFilter,
    StateCounts,
    TrackingFilter,
)
from domains.model import Https, SendingDomain, State, TrackingDomain
from domains.ownership import Claim, Kind
from domains.steps import added

Entry = TypeVar("Entry", TrackingEntry, SendingEntry)


class MemoryStore:
    """Behaves as `store_contract` says. Set `available` to False to lose the database."""

    def __init__(self) -> None:
        self.available = True
        self._version = 0
        self._earlier = [DomainEntries([], [])]  # by version
        self._last_id = 0
        self._tracking: dict[str, TrackingDomain] = {}
        self._sending: dict[str, SendingDomain] = {}
        self._claims: dict[tuple[int, Kind, str], Claim] = {}
        self._history: list[Change] = []
        self._evidence: dict[int, Evidence] = {}  # by id

    def version(self) -> int:
        self._reach()
        return self._version

    def changes_since(self, version: int) -> DomainChanges | None:
        self._reach()
        if not 0 <= version <= self._version:
            return None
        before, now = self._earlier[version], self._earlier[-1]
        return DomainChanges(
            self._version,
            _difference(before.tracking, now.tracking),
            _difference(before.sending, now.sending),
        )

    def entries(self) -> DomainEntries:
        self._reach()
        return DomainEntries(
            list(map(TrackingEntry.of, self._tracking.values())),
            list(map(SendingEntry.of, self._sending.values())),
        )

    def tracking_domains(self, wanted: TrackingFilter = ALL_TRACKING) -> list[TrackingDomain]:
        self._reach()
        found = [
            each
            for name, each in sorted(self._tracking.items())
            if wanted.project in (None, each.project)
            and wanted.state in (None, each.state)
            and (wanted.retired or each.state is not State.RETIRED)
            and (each.is_default or not wanted.default)
            and wanted.search in name
            and wanted.behind < name
        ]
        return found[: wanted.limit]

    def count_tracking_domains(self, project: int) -> StateCounts:
        found = self.tracking_domains(TrackingFilter(project=project))
        return dict.fromkeys(State, 0) | Counter(each.state for each in found)

    def find_tracking_domain(self, name: str) -> TrackingDomain | None:
        self._reach()
        return self._tracking.get(name)

    def tracking_domain_numbered(self, number: int) -> TrackingDomain | None:
        return next((each for each in self.tracking_domains() if each.id == number), None)

    def evidence_of(self, names: Collection[str]) -> Mapping[str, Evidence]:
        self._reach()
        ids = {name: self._tracking[name].id for name in names if name in self._tracking}
        return {name: self._evidence[number] for name, number in ids.items() if number in self._evidence}

    def history(
        self,
        project: int,
        name: str,
        *,
        newest: bool = False,
        beyond: int | None = None,
        limit: int | None = None,
    ) -> list[Change]:
        self._reach()
        own = [each for each in self._history if (each.project, each.domain) == (project, name)]
        if newest:
            return [each for each in reversed(own) if beyond is None or each.number < beyond][:limit]
        return [each for each in own if beyond is None or each.number > beyond][:limit]

    def add_tracking_domain(
        self, *, project: int, name: str, target: str, created_at: datetime, https: Https = Https.AUTO
    ) -> TrackingDomain:
        self._reach()
        if name in self._tracking:
            raise NameTaken(f"{name} is a tracking domain already")
        self._tracking[name] = TrackingDomain(
            id=self._next_id(),
            project=project,
            name=name,
            target=target,
            https=https,
            state=State.PENDING,
            is_default=False,
            diagnosis="",
            created_at=created_at,
            pending_since=created_at,
            next_check_at=created_at,
        )
        self._note(added(self._tracking[name]))
        self._changed()
        return self._tracking[name]

    def record(self, step: Step) -> TrackingDomain:
        before, after = step.before, step.after
        assert after is not None
        assert after.name == before.name
        self._refuse_outdated(before)
        becomes_verified = after.state is State.VERIFIED is not before.state
        is_default = becomes_verified and not self._has_default(after.project)
        after = replace(after, is_default=before.is_default or is_default)
        self._tracking[before.name] = after
        if step.evidence:
            self._evidence[before.id] = step.evidence
        elif after.checked_at is None:
            self._evidence.pop(before.id, None)
        self._note(step.change)
        seen = ("project", "state", "https", "https_since")
        if any(getattr(before, name) != getattr(after, name) for name in seen):
            self._changed()
        return after

    def rename_tracking_domain(self, step: Step, left: Step) -> TrackingDomain:
        assert step.after is not None
        self._refuse_outdated(step.before)
        old, new = step.before.name, step.after.name
        taken = self._tracking.get(new)
        if taken and (taken.project, taken.state) != (step.after.project, State.RETIRED):
            raise NameTaken(f"{new} is a tracking domain already")
        del self._tracking[old]
        self._evidence.pop(step.before.id, None)
        self._tracking[new] = step.after
        if left.after is not None:
            self._tracking[old] = replace(left.after, id=self._next_id())
        for sender in self.sending_domains():
            if sender.tracking_domain == old:
                self._sending[sender.name] = replace(sender, tracking_domain=new)
        self._note(left.change)
        self._note(step.change)
        self._changed()
        return step.after

    def remove_tracking_domain(self, step: Step, *, unlinking: tuple[str, ...]) -> None:
        name = step.before.name
        self._refuse_outdated(step.before)
        if set(self.senders_of(name)) != set(unlinking):
            raise ChangedMeanwhile(f"{name} was changed meanwhile")
        for sender in unlinking:
            self._sending[sender] = replace(self._sending[sender], tracking_domain=None)
        del self._tracking[name]
        if step.after is not None:
            self._tracking[name] = step.after
        self._note(step.change)
        self._changed()

    def make_default(self, name: str) -> None:
        chosen = self._tracking_domain(name)
        for domain in self.tracking_domains():
            if domain.project == chosen.project:
                self._tracking[domain.name] = replace(domain, is_default=domain.name == name)
        self._changed()

    def sending_domains(self, wanted: SendingFilter = ALL_SENDING) -> list[SendingDomain]:
        self._reach()
        found = [
            each
            for name, each in sorted(self._sending.items())
            if wanted.project in (None, each.project) and wanted.search in name and wanted.behind < name
        ]
        return found[: wanted.limit]

    def count_sending_domains(self, project: int) -> SenderCounts:
        found = self.sending_domains(SendingFilter(project=project))
        return SenderCounts(all=len(found), verified=sum(each.verified for each in found))

    def find_sending_domain(self, name: str) -> SendingDomain | None:
        self._reach()
        return self._sending.get(name)

    def find_sending_domains(self, names: Collection[str]) -> list[SendingDomain]:
        return [each for each in self.sending_domains() if each.name in names]

    def senders_of(self, tracking_domain: str) -> tuple[str, ...]:
        return tuple(each.name for each in self.sending_domains() if each.tracking_domain == tracking_domain)

    def add_sending_domain(
        self, *, project: int, name: str, created_at: datetime, token: str
    ) -> SendingDomain:
        self._reach()
        if name in self._sending:
            raise NameTaken(f"{name} is a sending domain already")
        self._sending[name] = SendingDomain(
            id=self._next_id(),
            project=project,
            name=name,
            tracking_domain=None,
            created_at=created_at,
            token=token,
        )
        self._changed()
        return self._sending[name]

    def verify_sending_domain(self, name: str, token: str, verified_at: datetime) -> None:
        domain = self._sending_domain(name)
        if domain.token != token:
            raise UnknownDomain(f"no sending domain is called {name}")
        self._sending[name] = replace(domain, verified_at=domain.verified_at or verified_at)
        self._changed()

    def link(self, sender: str, tracking_domain: str | None) -> None:
        sending = self._sending_domain(sender)
        if tracking_domain is not None:
            self._tracking_domain(tracking_domain)
        self._sending[sender] = replace(sending, tracking_domain=tracking_domain)
        self._changed()

    def update_sending_domain(self, domain: SendingDomain) -> None:
        kept = self._sending_domain(domain.name)
        self._sending[domain.name] = replace(
            kept,
            tracking=domain.tracking,
            share=domain.share,
            rules=domain.rules,
            recipients=domain.recipients,
        )
        self._changed()

    def delete_sending_domain(self, name: str) -> None:
        self._sending_domain(name)
        del self._sending[name]
        self._changed()

    def claim(self, made: Claim) -> Claim:
        self._reach()
        self._claims = {
            key: claim for key, claim in self._claims.items() if not claim.expired(made.created_at)
        }
        self._changed()
        return self._claims.setdefault((made.project, made.kind, made.name), made)

    def find_claim(self, project: int, kind: Kind, name: str) -> Claim | None:
        self._reach()
        return self._claims.get((project, kind, name))

    def end(self, claim: Claim) -> None:
        self._reach()
        self._claims.pop((claim.project, claim.kind, claim.name), None)

    def take_sending_domain(self, claim: Claim, at: datetime) -> SendingDomain:
        known = self.find_sending_domain(claim.name)
        if known and (known.verified_at or known.project == claim.project):
            raise NameTaken(f"{claim.name} was verified a moment ago")
        self._sending.pop(claim.name, None)
        self._claims.pop((claim.project, claim.kind, claim.name), None)
        self.add_sending_domain(project=claim.project, name=claim.name, created_at=at, token=claim.token)
        self.verify_sending_domain(claim.name, claim.token, at)
        return self._sending[claim.name]

    def _tracking_domain(self, name: str) -> TrackingDomain:
        domain = self.find_tracking_domain(name)
        if domain is None:
            raise UnknownDomain(f"no tracking domain is called {name}")
        return domain

    def _sending_domain(self, name: str) -> SendingDomain:
        domain = self.find_sending_domain(name)
        if domain is None:
            raise UnknownDomain(f"no sending domain is called {name}")
        return domain

    def _refuse_outdated(self, domain: TrackingDomain) -> None:
        self._reach()
        if domain not in self._tracking.values():
            raise ChangedMeanwhile(f"{domain.name} was changed meanwhile")

    def _has_default(self, project: int) -> bool:
        return any(each.is_default for each in self._tracking.values() if each.project == project)

    def _note(self, change: Change | None) -> None:
        if change is not None:
            self._history.append(replace(change, number=len(self._history) + 1))

    def _reach(self) -> None:
        if not self.available:
            raise StoreUnavailable("the database cannot be reached")

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _changed(self) -> None:
        self._version += 1
        self._earlier.append(self.entries())


def _difference(before: Collection[Entry], now: Collection[Entry]) -> dict[str, Entry | None]:
    """Return what came and went by name."""
    gone: dict[str, Entry | None] = {entry.name: None for entry in before if entry not in now}
    return gone | {entry.name: entry for entry in now if entry not in before}
