"""An `accounts.ports.AccountStore` in memory, for tests of everything above the store."""

from dataclasses import replace
from datetime import datetime

from accounts.errors import NameTaken, NetworkTaken, NotFound, NotRemovable, StoreUnavailable
from accounts.listing import ALL_CREDENTIALS, ALL_PROJECTS, CredentialFilter, ProjectFilter
from accounts.model import (
    DEFAULT_PROJECT,
    DEFAULT_PROJECT_NAME,
    Credential,
    Holdings,
    Project,
    Route,
    SendingLimits,
)
from accounts.secret_hash import SecretHash
from tests.accounts.builders import NOW


class MemoryStore:
    """Behaves as `store_contract` says. Set `available` to False to lose the database.

    `domains` are the tracking and sending domains of projects, which other stores keep.
    """

    def __init__(self) -> None:
        self.available = True
        self.domains: dict[int, Holdings] = {}
        self._version = 0
        self._last_id = DEFAULT_PROJECT
        self._projects = {
            DEFAULT_PROJECT_NAME: Project(id=DEFAULT_PROJECT, name=DEFAULT_PROJECT_NAME, created_at=NOW)
        }
        self._credentials: dict[str, Credential] = {}
        self._routes: dict[tuple[int, str], Route] = {}

    def version(self) -> int:
        self._reach()
        return self._version

    def projects(self, wanted: ProjectFilter = ALL_PROJECTS) -> list[Project]:
        self._reach()
        return [each for name, each in sorted(self._projects.items()) if name > wanted.behind][: wanted.limit]

    def project_names(self, limit: int) -> list[str]:
        return [each.name for each in self.projects()][:limit]

    def find_project(self, name: str) -> Project | None:
        self._reach()
        return self._projects.get(name)

    def project_numbered(self, number: int) -> Project | None:
        return next((each for each in self.projects() if each.id == number), None)

    def add_project(self, *, name: str, created_at: datetime) -> Project:
        self._reach()
        if name in self._projects:
            raise NameTaken(f"there is a project {name} already")
        self._projects[name] = Project(id=self._next_id(), name=name, created_at=created_at)
        self._changed()
        return self._projects[name]

    def update_project(self, project: Project) -> None:
        kept = next((each for each in self.projects() if each.id == project.id), None)
        if kept is None:
            raise NotFound(f"there is no project {project.name}")
        others = {network for each in self.projects() if each != kept for network in each.networks}
        if others & set(project.networks):
            raise NetworkTaken("another project lists it")
        self._projects[kept.name] = replace(project, name=kept.name, created_at=kept.created_at)
        self._changed()

    def holdings(self, project: int) -> Holdings:
        live = (each for each in self.credentials() if each.project == project and each.revoked_at is None)
        usernames = tuple(each.username for each in live)
        return replace(self.domains.get(project, Holdings()), credentials=usernames)

    def delete_project(self, name: str) -> None:
        project = self._known(name)
        if self.holdings(project.id) != Holdings():
            raise NotRemovable(f"the project {name} was just given something")
        self._credentials = {
            key: each for key, each in self._credentials.items() if each.project != project.id
        }
        self._routes = {key: each for key, each in self._routes.items() if each.project != project.id}
        del self._projects[name]
        self._changed()

    def credentials(self, wanted: CredentialFilter = ALL_CREDENTIALS) -> list[Credential]:
        self._reach()
        found = [
            each
            for username, each in sorted(self._credentials.items())
            if wanted.project in (None, each.project)
            and wanted.route in (None, each.route)
            and (wanted.revoked or each.revoked_at is None)
            and username > wanted.behind
        ]
        return found[: wanted.limit]

    def find_credential(self, username: str) -> Credential | None:
        self._reach()
        return self._credentials.get(username)

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
        self._require(project)
        if route is not None and (project, route) not in self._routes:
            raise NotFound(f"the project has no route {route}")
        if username in self._credentials:
            raise NameTaken(f"the username {username} is taken")
        self._credentials[username] = Credential(
            id=self._next_id(),
            project=project,
            username=username,
            label=label,
            secret_hash=secret_hash,
            route=route,
            limits=limits,
            created_at=created_at,
        )
        self._changed()
        return self._credentials[username]

    def revoke_credential(self, username: str, revoked_at: datetime) -> None:
        credential = self.find_credential(username)
        if credential is None:
            raise NotFound(f"there is no credential {username}")
        self._credentials[username] = replace(credential, revoked_at=credential.revoked_at or revoked_at)
        self._changed()

    def routes(self, project: int | None = None) -> list[Route]:
        self._reach()
        return [self._routes[key] for key in sorted(self._routes) if project in (None, key[0])]

    def find_route(self, project: int, name: str) -> Route | None:
        self._reach()
        return self._routes.get((project, name))

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
        self._require(project)
        if (project, name) in self._routes:
            raise NameTaken(f"there is a route {name} already")
        route = Route(
            id=self._next_id(),
            project=project,
            name=name,
            clicks=clicks,
            opens=opens,
            text=text,
            created_at=created_at,
        )
        self._routes[project, name] = route
        self._changed()
        return route

    def update_route(self, route: Route) -> None:
        kept = next((each for each in self.routes() if each.id == route.id), None)
        if kept is None:
            raise NotFound(f"there is no route {route.name}")
        self._routes[kept.project, kept.name] = replace(
            kept, clicks=route.clicks, opens=route.opens, text=route.text
        )
        self._changed()

    def delete_route(self, project: int, name: str) -> None:
        self._reach()
        if (project, name) not in self._routes:
            raise NotFound(f"the project has no route {name}")
        del self._routes[project, name]
        for credential in self.credentials():
            if (credential.project, credential.route) == (project, name):
                self._credentials[credential.username] = replace(credential, route=None)
        self._changed()

    def _known(self, name: str) -> Project:
        project = self.find_project(name)
        if project is None:
            raise NotFound(f"there is no project {name}")
        return project

    def _require(self, number: int) -> None:
        if all(project.id != number for project in self.projects()):
            raise NotFound(f"there is no project {number}")

    def _reach(self) -> None:
        if not self.available:
            raise StoreUnavailable("the database cannot be reached")

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def _changed(self) -> None:
        self._version += 1
