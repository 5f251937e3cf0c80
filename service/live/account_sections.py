"""All accounts as sections of a snapshot; of a secret its hash alone, as in the database."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from ipaddress import ip_network
from typing import Final

from accounts.directory import AccountEntries
from accounts.model import Credential, Project, Route, SendingLimits
from accounts.privacy import privacy_from_json, privacy_to_json
from accounts.secret_hash import SecretHash
from rewriter.policy import Mode
from service.live.snapshot import SnapshotError
from service.live.snapshot_tables import REQUIRED, Row, decode_table, encode_table

_PROJECT: Final = {
    "id": REQUIRED,
    "name": REQUIRED,
    "networks": REQUIRED,
    "tracking": None,
    "unknown_senders": None,
    "upstream": None,
    "privacy": {},
    "created_at": REQUIRED,
}
_CREDENTIAL: Final = {
    "id": REQUIRED,
    "project": REQUIRED,
    "username": REQUIRED,
    "label": "",
    "secret_hash": REQUIRED,
    "route": None,
    "messages_per_minute": REQUIRED,
    "recipients_per_day": REQUIRED,
    "created_at": REQUIRED,
}
_ROUTE: Final = {
    "id": REQUIRED,
    "project": REQUIRED,
    "name": REQUIRED,
    "clicks": REQUIRED,
    "opens": REQUIRED,
    "text": REQUIRED,
    "created_at": REQUIRED,
}


def pack_accounts(accounts: AccountEntries) -> dict[str, bytes]:
    """Return the sections."""
    return {
        "projects": encode_table(_PROJECT, map(_project_row, accounts.projects)),
        "credentials": encode_table(_CREDENTIAL, map(_credential_row, accounts.credentials)),
        "routes": encode_table(_ROUTE, map(_route_row, accounts.routes)),
    }


def unpack_accounts(sections: Mapping[str, bytes]) -> AccountEntries:
    """Return what was packed. Raises SnapshotError."""
    try:
        return AccountEntries(
            projects=tuple(_projects(sections["projects"])),
            credentials=tuple(_credentials(sections["credentials"])),
            routes=tuple(_routes(sections["routes"])),
        )
    except (LookupError, ValueError, TypeError, AttributeError):
        raise SnapshotError("its accounts cannot be read") from None


def _project_row(project: Project) -> Row:
    return (
        project.id,
        project.name,
        list(map(str, project.networks)),
        project.tracking,
        project.unknown_senders,
        project.upstream,
        privacy_to_json(project.privacy),
        project.created_at.isoformat(),
    )


def _projects(section: bytes) -> Iterator[Project]:
    for number, name, networks, tracking, unknown_senders, upstream, privacy, created_at in decode_table(
        section, _PROJECT
    ):
        yield Project(
            id=number,
            name=name,
            networks=tuple(map(ip_network, networks)),
            tracking=None if tracking is None else Mode(tracking),
            unknown_senders=unknown_senders,
            upstream=upstream,
            privacy=privacy_from_json(privacy),
            created_at=datetime.fromisoformat(created_at),
        )


def _credential_row(credential: Credential) -> Row:
    return (
        credential.id,
        credential.project,
        credential.username,
        credential.label,
        str(credential.secret_hash),
        credential.route,
        credential.limits.messages_per_minute,
        credential.limits.recipients_per_day,
        credential.created_at.isoformat(),
    )


def _credentials(section: bytes) -> Iterator[Credential]:
    for number, project, username, label, secret_hash, route, minute, day, created_at in decode_table(
        section, _CREDENTIAL
    ):
        yield Credential(
            id=number,
            project=project,
            username=username,
            label=label,
            secret_hash=SecretHash.parse(secret_hash),
            route=route,
            limits=SendingLimits(messages_per_minute=minute, recipients_per_day=day),
            created_at=datetime.fromisoformat(created_at),
        )


def _route_row(route: Route) -> Row:
    return (
        *(route.id, route.project, route.name, route.clicks, route.opens, route.text),
        route.created_at.isoformat(),
    )


def _routes(section: bytes) -> Iterator[Route]:
    for number, project, name, clicks, opens, text, created_at in decode_table(section, _ROUTE):
        yield Route(
            id=number,
            project=project,
            name=name,
            clicks=clicks,
            opens=opens,
            text=text,
            created_at=datetime.fromisoformat(created_at),
        )
