"""Rows of projects, credentials and routes as the values of `accounts.model`."""

from collections import defaultdict
from ipaddress import ip_network
from typing import Any

from sqlalchemy import Connection, Row, select

from accounts.model import Credential, Network, Project, Route, SendingLimits
from accounts.privacy import privacy_from_json
from accounts.secret_hash import SecretHash
from rewriter.policy import Mode
from storage.account_tables import credentials, project_networks, projects, routes


def read_projects(connection: Connection, *wanted: Any, limit: int | None = None) -> list[Project]:
    """Return up to `limit` of those that `wanted` (conditions) holds for, by name."""
    rows = connection.execute(select(projects).where(*wanted).order_by(projects.c.name).limit(limit)).all()
    networks: dict[int, list[Network]] = defaultdict(list)
    own = project_networks.c
    listed = select(project_networks).order_by(own.network)
    if wanted or limit is not None:
        numbers = select(projects.c.id).where(*wanted).order_by(projects.c.name).limit(limit)
        listed = listed.where(own.project.in_(numbers))
    for row in connection.execute(listed):
        networks[row.project].append(ip_network(row.network))
    return [_project(row, tuple(networks[row.id])) for row in rows]


def find_project(connection: Connection, name: str) -> Project | None:
    """Return it, or None."""
    found = read_projects(connection, projects.c.name == name)
    return found[0] if found else None


def read_credentials(connection: Connection, *wanted: Any, limit: int | None = None) -> list[Credential]:
    """Return up to `limit` of those that `wanted` holds for, by username."""
    with_route = select(credentials, routes.c.name.label("route_name")).select_from(
        credentials.outerjoin(routes, credentials.c.route == routes.c.id)
    )
    rows = connection.execute(with_route.where(*wanted).order_by(credentials.c.username).limit(limit))
    return [_credential(row) for row in rows]


def read_routes(connection: Connection, *wanted: Any) -> list[Route]:
    """Return those that `wanted` holds for, by project and name."""
    rows = connection.execute(select(routes).where(*wanted).order_by(routes.c.project, routes.c.name))
    return [
        Route(
            id=row.id,
            project=row.project,
            name=row.name,
            clicks=row.clicks,
            opens=row.opens,
            text=row.text,
            created_at=row.created_at,
        )
        for row in rows
    ]


def _project(row: Row[Any], networks: tuple[Network, ...]) -> Project:
    return Project(
        id=row.id,
        name=row.name,
        networks=networks,
        tracking=None if row.tracking is None else Mode(row.tracking),
        unknown_senders=row.unknown_senders,
        upstream=row.upstream,
        privacy=privacy_from_json(row.privacy),
        created_at=row.created_at,
    )


def _credential(row: Row[Any]) -> Credential:
    return Credential(
        id=row.id,
        project=row.project,
        username=row.username,
        label=row.label,
        secret_hash=SecretHash.parse(row.secret_hash),
        route=row.route_name,
        limits=SendingLimits(
            messages_per_minute=row.messages_per_minute, recipients_per_day=row.recipients_per_day
        ),
        created_at=row.created_at,
        revoked_at=row.revoked_at,
    )
