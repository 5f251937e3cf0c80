"""The use cases of projects. Names and networks may come as typed.

Every refusal is an `accounts.errors.AccountError`, one sentence that says what to do, and changes nothing.
"""

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypedDict

from accounts.errors import NetworkTaken, NotFound, NotRemovable
from accounts.listing import ProjectFilter
from accounts.model import DEFAULT_PROJECT, Holdings, Network, Project
from accounts.names import short_name
from accounts.networks import network
from accounts.ports import AccountStore
from accounts.privacy import PrivacySettings
from rewriter.policy import Mode


class ProjectSettings(TypedDict, total=False):
    """What to set of a project. What is left out stays as it is; None goes back to the settings."""

    tracking: Mode | None
    unknown_senders: bool | None
    upstream: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectDetails:
    """A project and what it owns."""

    project: Project
    holdings: Holdings


class Projects:
    """Adds, shows, changes and removes projects.

    `default_networks` are the settings' `relay.networks`, which belong to the project `default`; `upstreams`
    are the names that the settings have.
    """

    def __init__(
        self,
        *,
        store: AccountStore,
        default_networks: tuple[Network, ...],
        upstreams: Container[str],
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._default_networks = default_networks
        self._upstreams = upstreams
        self._clock = clock

    def add(self, name: str) -> Project:
        """Raises `InvalidName`, `NameTaken`."""
        return self._store.add_project(name=short_name(name), created_at=self._clock())

    def all(self) -> list[Project]:
        """Return them by name."""
        return self._store.projects()

    def page(self, *, limit: int, behind: str = "") -> list[Project]:
        """Return up to `limit` of them by name, those behind a name."""
        return self._store.projects(ProjectFilter(behind=behind, limit=limit))

    def names(self, limit: int) -> list[str]:
        """Return the first so many of their names."""
        return self._store.project_names(limit)

    def find(self, name: str) -> Project:
        """Raises `NotFound`."""
        return project_named(self._store, name)

    def numbered(self, number: int) -> Project:
        """Return that of an id. Raises `NotFound`."""
        project = self._store.project_numbered(number)
        if project is None:
            raise NotFound("the project was removed")
        return project

    def show(self, name: str) -> ProjectDetails:
        """Raises `NotFound`."""
        project = self.find(name)
        return ProjectDetails(project=project, holdings=self._store.holdings(project.id))

    def change(
        self,
        name: str,
        settings: ProjectSettings,
        *,
        privacy: PrivacySettings | None = None,
        add_networks: Iterable[str] = (),
        remove_networks: Iterable[str] = (),
    ) -> Project:
        """Set what is given. To add a network that is listed changes nothing.

        Raises `NotFound`, `InvalidNetwork`, `NetworkTaken`, `InvalidDays`.
        """
        project = self.find(name)
        said = project.privacy.changed(privacy or PrivacySettings())
        self._check_upstream(settings.get("upstream"))
        added, removed = set(map(network, add_networks)), set(map(network, remove_networks))
        listed = set(project.networks)
        for each in sorted(added - listed, key=str):
            self._refuse_taken(project, each)
        for each in sorted(removed - listed, key=str):
            raise NotFound(f"the project {project.name} does not list {each}; look at those it lists")
        networks = tuple(sorted((listed | added) - removed, key=str))
        changed = replace(project, networks=networks, privacy=said, **settings)
        self._store.update_project(changed)
        return changed

    def remove(self, name: str) -> Project:
        """Remove it with its routes and revoked credentials; retired tracking domains stay as they are.

        Raises `NotFound`, `NotRemovable`.
        """
        project = self.find(name)
        if project.id == DEFAULT_PROJECT:
            raise NotRemovable(f"the project {project.name} is always there; remove what it owns instead")
        holdings = self._store.holdings(project.id)
        if owned := _listed(holdings):
            raise NotRemovable(f"the project {project.name} still has {owned}; remove or revoke them first")
        self._store.delete_project(project.name)
        return project

    def _check_upstream(self, name: str | None) -> None:
        if name is not None and name not in self._upstreams:
            raise NotFound(f"the settings have no upstream {name!r}; write [upstreams.NAME] there first")

    def _refuse_taken(self, project: Project, wanted: Network) -> None:
        if wanted in self._default_networks:
            raise NetworkTaken(
                f"{wanted} is in relay.networks, which belong to the project default; take it out there first"
            )
        for other in self._store.projects():
            if other.id != project.id and wanted in other.networks:
                raise NetworkTaken(f"{wanted} belongs to the project {other.name}; take it out there first")


def project_named(store: AccountStore, name: str) -> Project:
    """Find a project by its name as typed. Raises `NotFound`."""
    project = store.find_project(name.lower())
    if project is None:
        raise NotFound(f"no project is called {name!r}; the list of projects shows them")
    return project


def _listed(holdings: Holdings) -> str:
    kinds: tuple[tuple[str, Iterable[str]], ...] = (
        ("tracking domains", holdings.tracking_domains),
        ("sending domains", holdings.sending_domains),
        ("credentials", holdings.credentials),
    )
    return "; ".join(f"the {kind} {', '.join(names)}" for kind, names in kinds if names)
