"""What the account use cases need from outside. Adapters: `storage.account_store`; fakes in tests."""

from datetime import datetime
from typing import Protocol

from accounts.listing import ALL_CREDENTIALS, ALL_PROJECTS, CredentialFilter, ProjectFilter
from accounts.model import Credential, Holdings, Project, Route, SendingLimits
from accounts.secret_hash import SecretHash


class AccountStore(Protocol):
    """Keeps accounts. Each method is one transaction.

    Every method raises `accounts.errors.StoreUnavailable` where the database cannot be reached. The project
    `default` is there from the first moment.
    """

    def version(self) -> int:
        """Return a number that grows with every committed change to any account."""

    def projects(self, wanted: ProjectFilter = ALL_PROJECTS) -> list[Project]:
        """Return them by name."""

    def project_names(self, limit: int) -> list[str]:
        """Return the first so many of their names."""

    def find_project(self, name: str) -> Project | None:
        """Return it, or None."""

    def project_numbered(self, number: int) -> Project | None:
        """Return that of an id, or None."""

    def add_project(self, *, name: str, created_at: datetime) -> Project:
        """Add it with nothing set. Raises `NameTaken`."""

    def update_project(self, project: Project) -> None:
        """Write all fields but `name` and `created_at`. Raises `NotFound`, `NetworkTaken`."""

    def holdings(self, project: int) -> Holdings:
        """Return what keeps it from being removed."""

    def delete_project(self, name: str) -> None:
        """Delete it with its networks, routes and revoked credentials. Raises `NotFound`.

        Raises `NotRemovable` where it has holdings, of which some may have come a moment ago.
        """

    def credentials(self, wanted: CredentialFilter = ALL_CREDENTIALS) -> list[Credential]:
        """Return them by username, revoked ones too."""

    def find_credential(self, username: str) -> Credential | None:
        """Return it, a revoked one too."""

    def add_credential(
        self,
        *,
        project: int,
        username: str,
        label: str,
        secret_hash: SecretHash,
        route: str | None,
        limits: SendingLimits,
        created_at: datetime,
    ) -> Credential:
        """Raises `NameTaken`, and `NotFound` where the project has no such route or is gone itself."""

    def revoke_credential(self, username: str, revoked_at: datetime) -> None:
        """Revoke it; one that is revoked stays as it is. Raises `NotFound`."""

    def routes(self, project: int | None = None) -> list[Route]:
        """Return those of a project, or all of them, by project and name."""

    def find_route(self, project: int, name: str) -> Route | None:
        """Return it, or None."""

    def add_route(
        self,
        *,
        project: int,
        name: str,
        created_at: datetime,
        clicks: bool | None = None,
        opens: bool | None = None,
        text: bool | None = None,
    ) -> Route:
        """Raises `NameTaken`, and `NotFound` where the project is gone."""

    def update_route(self, route: Route) -> None:
        """Write its switches. Raises `NotFound`."""

    def delete_route(self, project: int, name: str) -> None:
        """Delete it; credentials that took it take none. Raises `NotFound`."""
