"""Accounts with the fields that a test does not care about filled in."""

from datetime import UTC, datetime
from ipaddress import ip_network

from accounts.model import DEFAULT_PROJECT, Credential, Project, Route, SendingLimits
from accounts.secret_hash import SecretHash

NOW = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
PASSWORD = "waypost_smtp_0123456789abcdefghjkmnpqrstvwxyz"
SECRET_HASH = SecretHash.of(PASSWORD, b"0123456789abcdef")


def project(number: int = DEFAULT_PROJECT, name: str = "default", *networks: str) -> Project:
    """Return a project that lists `networks`."""
    return Project(id=number, name=name, networks=tuple(map(ip_network, networks)), created_at=NOW)


def credential(
    username: str = "default-aaaaaaaa",
    *,
    number: int = 1,
    project: int = DEFAULT_PROJECT,
    limits: SendingLimits | None = None,
    revoked_at: datetime | None = None,
) -> Credential:
    """Return a credential whose password is `PASSWORD`."""
    return Credential(
        id=number,
        project=project,
        username=username,
        label="",
        secret_hash=SECRET_HASH,
        limits=limits or SendingLimits(),
        created_at=NOW,
        revoked_at=revoked_at,
    )


def route(name: str = "news", *, project: int = DEFAULT_PROJECT) -> Route:
    """Return a route with no switch set."""
    return Route(id=1, project=project, name=name, created_at=NOW)
