"""The use cases of the routes of one project.

Every refusal is an `accounts.errors.AccountError`, one sentence that says what to do, and changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypedDict

from accounts.errors import NotFound, NotRemovable
from accounts.listing import CredentialFilter
from accounts.model import Project, Route
from accounts.names import short_name
from accounts.ports import AccountStore


class Switches(TypedDict, total=False):
    """What to set of a route. What is left out stays; None leaves it to what comes after the route."""

    clicks: bool | None
    opens: bool | None
    text: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRemoval:
    """A removed route, and the usernames whose mail takes none from now on."""

    route: Route
    users: tuple[str, ...]


class Routes:
    """Adds, lists, changes and removes the routes of one project."""

    def __init__(self, *, store: AccountStore, project: Project, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._project = project
        self._clock = clock

    def add(self, name: str, switches: Switches) -> Route:
        """Raises `InvalidName`, `NameTaken`."""
        return self._store.add_route(
            project=self._project.id, name=short_name(name), created_at=self._clock(), **switches
        )

    def all(self) -> list[Route]:
        """Return them by name."""
        return self._store.routes(self._project.id)

    def find(self, name: str) -> Route:
        """Raises `NotFound`."""
        route = self._store.find_route(self._project.id, name.lower())
        if route is None:
            raise NotFound(
                f"no route of the project {self._project.name} is called {name!r}; "
                "the list of routes shows them"
            )
        return route

    def change(self, name: str, switches: Switches) -> Route:
        """Set what is given. Raises `NotFound`."""
        changed = replace(self.find(name), **switches)
        self._store.update_route(changed)
        return changed

    def remove(self, name: str, *, force: bool = False) -> RouteRemoval:
        """Raises `NotFound`; `NotRemovable` where credentials take it, unless `force` takes it from them."""
        route = self.find(name)
        taking = CredentialFilter(project=route.project, route=route.name, revoked=False)
        users = tuple(credential.username for credential in self._store.credentials(taking))
        if users and not force:
            raise NotRemovable(
                f"the route {route.name} is taken by {', '.join(users)}; revoke them, or force the removal"
            )
        self._store.delete_route(route.project, route.name)
        return RouteRemoval(route=route, users=users)
