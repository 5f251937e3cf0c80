"""A `domains.ports.DomainStore` and `ClaimStore` in memory, for tests of everything above the store."""

from dataclasses import replace
from datetime import datetime

from domains.directory import DomainEntries, SendingEntry, TrackingEntry
from domains.errors import NameTaken, StoreUnavailable, UnknownDomain
from domains.model import SendingDomain, State, TrackingDomain
from domains.ownership import Claim, Kind


class MemoryStore:
    """Behaves as `store_contract` says. Set `available` to False to lose the database."""

    def __init__(self) -> None:
        self.available = True
        self._version = 0
        self._last_id = 0
        self._tracking: dict[str, TrackingDomain] = {}
        self._sending: dict[str, SendingDomain] = {}
        self._claims: dict[tuple[int, Kind, str], Claim] = {}

    def version(self) -> int:
        self._reach()
        return self._version

    def entries(self) -> DomainEntries:
        self._reach()
        return DomainEntries(
            list(map(TrackingEntry.of, self._tracking.values())),
            list(map(SendingEntry.of, self._sending.values())),
        )

    def tracking_domains(self) -> list[TrackingDomain]:
        self._reach()
        return sorted(self._tracking.values(), key=lambda domain: domain.name)

    def find_tracking_domain(self, name: str) -> TrackingDomain | None:
        self._reach()
        return self._tracking.get(name)

    def add_tracking_domain(
        self, *, project: int, name: str, target: str, created_at: datetime
    ) -> TrackingDomain:
        self._reach()
        if name in self._tracking:
            raise NameTaken(f"{name} is a tracking domain already")
        self._tracking[name] = TrackingDomain(
            id=self._next_id(),
            project=project,
            name=name,
            target=target,
            state=State.PENDING,
            is_default=False,
            diagnosis="",
            created_at=created_at,
        )
        self._changed()
        return self._tracking[name]

    def update_tracking_domain(self, domain: TrackingDomain) -> None:
        kept = next((each for each in self.tracking_domains() if each.id == domain.id), None)
        if kept is None:
            raise UnknownDomain(f"no tracking domain is called {domain.name}")
        del self._tracking[kept.name]
        self._tracking[domain.name] = replace(domain, project=kept.project, is_default=kept.is_default)
        self._changed()

    def make_default(self, name: str) -> None:
        chosen = self._tracking_domain(name)
        for domain in self.tracking_domains():
            if domain.project == chosen.project:
                self._tracking[domain.name] = replace(domain, is_default=domain.name == name)
        self._changed()

    def retire_tracking_domain(self, name: str) -> None:
        domain = self._tracking_domain(name)
        self._unlink_all(name)
        self._tracking[name] = replace(domain, state=State.RETIRED, is_default=False)
        self._changed()

    def delete_tracking_domain(self, name: str) -> None:
        self._tracking_domain(name)
        self._unlink_all(name)
        del self._tracking[name]
        self._changed()

    def sending_domains(self) -> list[SendingDomain]:
        self._reach()
        return sorted(self._sending.values(), key=lambda domain: domain.name)

    def find_sending_domain(self, name: str) -> SendingDomain | None:
        self._reach()
        return self._sending.get(name)

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
            kept, tracking=domain.tracking, share=domain.share, rules=domain.rules
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

    def _unlink_all(self, tracking_domain: str) -> None:
        for sender in self.sending_domains():
            if sender.tracking_domain == tracking_domain:
                self._sending[sender.name] = replace(sender, tracking_domain=None)

    def _reach(self) -> None:
        if not self.available:
            raise StoreUnavailable("the database cannot be reached")

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _changed(self) -> None:
        self._version += 1
