"""Projects, credentials and routes in the database: `accounts.ports.AccountStore`."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any, NoReturn

from sqlalchemy import Column, ColumnElement, Connection, Engine, select
from sqlalchemy.exc import IntegrityError

from accounts.errors import AccountError, NameTaken, NetworkTaken, NotFound, NotRemovable, StoreUnavailable
from accounts.listing import ALL_CREDENTIALS, ALL_PROJECTS, CredentialFilter, ProjectFilter
from accounts.model import Credential, Holdings, Project, Route, SendingLimits
from accounts.privacy import privacy_to_json
from accounts.secret_hash import SecretHash
from domains.model import State
from storage.account_rows import find_project, read_credentials, read_projects, read_routes
from storage.account_tables import credentials, project_networks, projects, routes
from storage.domain_tables import sending_domains, tracking_domains
from storage.engine import transaction
from storage.versions import raise_version, version_of


class SqlAccountStore:
    """`accounts.ports.AccountStore` on an engine of `storage.engine.open_engine`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def version(self) -> int:
        with self._reading() as connection:
            return version_of(connection, "accounts")

    def projects(self, wanted: ProjectFilter = ALL_PROJECTS) -> list[Project]:
        behind = () if not wanted.behind else (projects.c.name > wanted.behind,)
        with self._reading() as connection:
            return read_projects(connection, *behind, limit=wanted.limit)

    def project_names(self, limit: int) -> list[str]:
        with self._reading() as connection:
            return [*connection.scalars(select(projects.c.name).order_by(projects.c.name).limit(limit))]

    def find_project(self, name: str) -> Project | None:
        with self._reading() as connection:
            return find_project(connection, name)

    def project_numbered(self, number: int) -> Project | None:
        with self._reading() as connection:
            return next(iter(read_projects(connection, projects.c.id == number)), None)

    def add_project(self, *, name: str, created_at: datetime) -> Project:
        added = projects.insert().values(name=name, created_at=created_at)
        taken = NameTaken(f"there is a project {name} already; choose another name")
        with self._changing() as connection, _unless(taken):
            number = connection.execute(added.returning(projects.c.id)).scalar_one()
        return Project(id=number, name=name, created_at=created_at)

    def update_project(self, project: Project) -> None:
        changed = (
            projects.update()
            .where(projects.c.id == project.id)
            .values(
                tracking=project.tracking,
                unknown_senders=project.unknown_senders,
                upstream=project.upstream,
                privacy=privacy_to_json(project.privacy),
            )
        )
        taken = NetworkTaken(f"another project lists a network of {project.name}; take it out there first")
        with self._changing() as connection, _unless(taken):
            if not connection.execute(changed).rowcount:
                _missing("project", project.name)
            listed = project_networks.c.project == project.id
            connection.execute(project_networks.delete().where(listed))
            for network in project.networks:
                connection.execute(project_networks.insert().values(network=str(network), project=project.id))

    def holdings(self, project: int) -> Holdings:
        with self._reading() as connection:
            return _holdings(connection, project)

    def delete_project(self, name: str) -> None:
        with self._changing() as connection:
            project = find_project(connection, name)
            if project is None:
                _missing("project", name)
            if _holdings(connection, project.id) != Holdings():
                raise NotRemovable(f"the project {name} was just given something; try again")
            connection.execute(projects.delete().where(projects.c.id == project.id))

    def credentials(self, wanted: CredentialFilter = ALL_CREDENTIALS) -> list[Credential]:
        with self._reading() as connection:
            return read_credentials(connection, *_conditions(wanted), limit=wanted.limit)

    def find_credential(self, username: str) -> Credential | None:
        with self._reading() as connection:
            found = read_credentials(connection, credentials.c.username == username)
            return found[0] if found else None

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
        taken = NameTaken(f"the username {username} is taken; run the command again for another")
        with self._changing() as connection, _unless(taken):
            _require_project(connection, project)
            added = credentials.insert().values(
                project=project,
                username=username,
                label=label,
                secret_hash=str(secret_hash),
                route=None if route is None else _route_id(connection, project, route),
                messages_per_minute=limits.messages_per_minute,
                recipients_per_day=limits.recipients_per_day,
                created_at=created_at,
            )
            connection.execute(added)
            return read_credentials(connection, credentials.c.username == username)[0]

    def revoke_credential(self, username: str, revoked_at: datetime) -> None:
        own = credentials.c
        with self._changing() as connection:
            if not read_credentials(connection, own.username == username):
                _missing("credential", username)
            live = credentials.update().where(own.username == username, own.revoked_at.is_(None))
            connection.execute(live.values(revoked_at=revoked_at))

    def routes(self, project: int | None = None) -> list[Route]:
        with self._reading() as connection:
            return read_routes(connection, *(() if project is None else (routes.c.project == project,)))

    def find_route(self, project: int, name: str) -> Route | None:
        with self._reading() as connection:
            found = read_routes(connection, routes.c.project == project, routes.c.name == name)
            return found[0] if found else None

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
        added = routes.insert().values(
            project=project, name=name, clicks=clicks, opens=opens, text=text, created_at=created_at
        )
        taken = NameTaken(f"there is a route {name} already; change it, or choose another name")
        with self._changing() as connection, _unless(taken):
            _require_project(connection, project)
            number = connection.execute(added.returning(routes.c.id)).scalar_one()
            return read_routes(connection, routes.c.id == number)[0]

    def update_route(self, route: Route) -> None:
        changed = routes.update().where(routes.c.id == route.id)
        with self._changing() as connection:
            switches = changed.values(clicks=route.clicks, opens=route.opens, text=route.text)
            if not connection.execute(switches).rowcount:
                _missing("route", route.name)

    def delete_route(self, project: int, name: str) -> None:
        with self._changing() as connection:
            number = _route_id(connection, project, name)
            connection.execute(routes.delete().where(routes.c.id == number))

    def _reading(self) -> AbstractContextManager[Connection]:
        return transaction(self._engine, writes=False, raising=StoreUnavailable)

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        """Run a change, and let the version grow in the same transaction."""
        with transaction(self._engine, writes=True, raising=StoreUnavailable) as connection:
            raise_version(connection, "accounts")
            yield connection


@contextmanager
def _unless(taken: AccountError) -> Iterator[None]:
    """Raise `taken` where the block meets what must be unique."""
    try:
        yield
    except IntegrityError:
        raise taken from None


def _missing(kind: str, name: str) -> NoReturn:
    raise NotFound(f"there is no {kind} {name}; it was removed a moment ago")


def _conditions(wanted: CredentialFilter) -> Iterator[ColumnElement[bool]]:
    own = credentials.c
    if wanted.project is not None:
        yield own.project == wanted.project
    if wanted.route is not None:
        yield routes.c.name == wanted.route
    if not wanted.revoked:
        yield own.revoked_at.is_(None)
    if wanted.behind:
        yield own.username > wanted.behind


def _require_project(connection: Connection, number: int) -> None:
    if connection.execute(select(projects.c.id).where(projects.c.id == number)).one_or_none() is None:
        _missing("project", str(number))


def _route_id(connection: Connection, project: int, name: str) -> int:
    wanted = select(routes.c.id).where(routes.c.project == project, routes.c.name == name)
    number = connection.execute(wanted).scalar_one_or_none()
    if number is None:
        raise NotFound(f"the project has no route {name}; add it first")
    return int(number)


def _holdings(connection: Connection, project: int) -> Holdings:
    tracking, sending, users = tracking_domains.c, sending_domains.c, credentials.c
    return Holdings(
        tracking_domains=_names(
            connection, tracking.name, tracking.project == project, tracking.state != State.RETIRED
        ),
        sending_domains=_names(connection, sending.name, sending.project == project),
        credentials=_names(connection, users.username, users.project == project, users.revoked_at.is_(None)),
    )


def _names(connection: Connection, column: Column[Any], *wanted: Any) -> tuple[str, ...]:
    names: Sequence[str] = connection.execute(select(column).where(*wanted).order_by(column)).scalars().all()
    return tuple(names)
