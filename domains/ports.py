"""What the domain use cases need from outside. Adapters: storage.domain_store, domains.dns_lookup, fakes in tests."""

from datetime import datetime
from typing import Protocol

from domains.model import SendingDomain, TrackingDomain


class DomainStore(Protocol):
    """Keeps domains. Each method is one transaction.

    Every method raises `domains.errors.StoreUnavailable` where the database cannot be reached. Names are unique
    across the installation, not only in a project.
    """

    def version(self) -> int:
        """Return a number that grows with every committed change to any domain."""

    def tracking_domains(self) -> list[TrackingDomain]:
        """Return all of them, retired ones too, by name."""

    def find_tracking_domain(self, name: str) -> TrackingDomain | None: ...

    def add_tracking_domain(
        self, *, project: int, name: str, target: str, created_at: datetime
    ) -> TrackingDomain:
        """Add it as pending. Raises `domains.errors.NameTaken`."""

    def update_tracking_domain(self, domain: TrackingDomain) -> None:
        """Write all fields but `id`, `project` and `is_default`. Raises `domains.errors.UnknownDomain`."""

    def make_default(self, name: str) -> None:
        """Make it the only default of its project. Raises `domains.errors.UnknownDomain`."""

    def delete_tracking_domain(self, name: str) -> None:
        """Delete it, unlinking its senders. Raises `domains.errors.UnknownDomain`."""

    def sending_domains(self) -> list[SendingDomain]:
        """Return all of them, by name."""

    def find_sending_domain(self, name: str) -> SendingDomain | None: ...

    def add_sending_domain(self, *, project: int, name: str, created_at: datetime) -> SendingDomain:
        """Raises `domains.errors.NameTaken`."""

    def link(self, sender: str, tracking_domain: str | None) -> None:
        """Link the sending domain, or unlink it with None. Raises `domains.errors.UnknownDomain`."""

    def delete_sending_domain(self, name: str) -> None:
        """Raises `domains.errors.UnknownDomain`."""
