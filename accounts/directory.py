"""Who a client is: all accounts in memory, for the way of a message. Nothing here asks a database."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from accounts.model import DEFAULT_PROJECT, Credential, Network, Project, Route
from accounts.networks import Address, NetworkTable
from accounts.secret_hash import NOBODY


class AccountEntries(NamedTuple):
    """All accounts that count: revoked credentials are left out."""

    projects: Collection[Project]
    credentials: Collection[Credential]
    routes: Collection[Route]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDirectory:
    """A snapshot of all accounts; every lookup is a dict's."""

    _projects: Mapping[int, Project]
    _credentials: Mapping[str, Credential] = field(repr=False)  # by username, without the revoked ones
    _routes: Mapping[tuple[int, str], Route]
    _networks: NetworkTable

    @classmethod
    def build(
        cls,
        projects: Iterable[Project],
        credentials: Iterable[Credential],
        routes: Iterable[Route],
        *,
        default_networks: Iterable[Network] = (),
    ) -> "AccountDirectory":
        """Build it from the lists of a store. `default_networks` are the settings' `relay.networks`.

        A project that lists a network of the settings, which only a later change of the settings can bring
        about, has it: what was said of one project counts more than what was said of all.
        """
        known = {project.id: project for project in projects}
        networks = [(network, DEFAULT_PROJECT) for network in default_networks]
        networks += [(network, project.id) for project in known.values() for network in project.networks]
        return cls(
            _projects=known,
            _credentials={each.username: each for each in credentials if each.revoked_at is None},
            _routes={(route.project, route.name): route for route in routes},
            _networks=NetworkTable.build(networks),
        )

    @property
    def entries(self) -> AccountEntries:
        """What it was built from, besides the default networks."""
        return AccountEntries(self._projects.values(), self._credentials.values(), self._routes.values())

    def authenticate(self, username: str, password: str) -> Credential | None:
        """Return the credential that both belong to, else None, after the same work whatever was wrong."""
        credential = self._credentials.get(username)
        matches = (credential.secret_hash if credential else NOBODY).matches(password)
        return credential if matches else None

    @property
    def has_credentials(self) -> bool:
        """Whether anybody could sign in."""
        return bool(self._credentials)

    def credential(self, username: str) -> Credential | None:
        """Return it as it is now; None where it is unknown or revoked."""
        return self._credentials.get(username)

    def project_of_address(self, address: Address) -> Project | None:
        """Return the project that lists the client's address, by the longest prefix; None for a stranger."""
        owner = self._networks.owner(address)
        return None if owner is None else self._projects.get(owner)

    def project(self, number: int) -> Project | None:
        """Return it, or None."""
        return self._projects.get(number)

    def project_named(self, name: str) -> Project | None:
        """Return it, or None. Looks at each of them: not for the way of a message."""
        return next((project for project in self._projects.values() if project.name == name.lower()), None)

    def route(self, project: int, name: str) -> Route | None:
        """Return a project's route by its name in any case, or None."""
        return self._routes.get((project, name.lower()))
