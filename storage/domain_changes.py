"""Which domains each change changed: a running server reads these alone, not all 100,000 of them.

Every version of the domains has its names here, written in the transaction that raised it. That raise locks
the row of the version, so that versions are committed in their order: who sees one sees all below it. A
version without names was made by a program that did not know of this table, and all must be read.
"""

from typing import Any, Final

from sqlalchemy import Column, Connection, Integer, Select, Table, literal, select

from domains.ownership import Kind
from storage.dialects import insert
from storage.domain_tables import sending_domains, tracking_domains
from storage.metadata import StoredText, metadata
from storage.versions import raise_version, version_of

KEPT: Final = 10_000
"""Versions; who has not read for longer reads all."""

MOST: Final = 5_000
"""Names; reading more of them singly takes about as long as reading all."""

domain_changes: Final = Table(
    "domain_changes",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("kind", StoredText, primary_key=True),
    Column("name", StoredText, primary_key=True),
)


def begin_change(connection: Connection, kind: Kind, *names: str) -> None:
    """Raise the version at the start of a transaction that changes these domains, whether they exist or not.

    What else changes must be noted, too, with `note_senders_of` or `note_default_of`.
    """
    raise_version(connection, "domains")
    version = version_of(connection, "domains")
    connection.execute(domain_changes.delete().where(domain_changes.c.version <= version - KEPT))
    rows = [{"version": version, "kind": kind, "name": name} for name in {*names}]
    connection.execute(domain_changes.insert(), rows)


def note_senders_of(connection: Connection, *tracking: str) -> None:
    """Note the sending domains that are linked to these tracking domains as they are now."""
    linked = sending_domains.join(tracking_domains)
    named = select(sending_domains.c.name).select_from(linked).where(tracking_domains.c.name.in_(tracking))
    _note(connection, Kind.SENDING, named)


def note_default_of(connection: Connection, project: int) -> None:
    """Note the project's default as it is now."""
    own = tracking_domains.c
    _note(connection, Kind.TRACKING, select(own.name).where(own.project == project, own.is_default))


def names_since(version: int, kind: Kind) -> Select[Any]:
    """Select the names that the versions after this one changed."""
    own = domain_changes.c
    return select(own.name).where(own.version > version, own.kind == kind)


def can_tell(connection: Connection, since: int, until: int) -> bool:
    """Tell whether it is known what changed after `since` until the newest version, and is not too much."""
    own = domain_changes.c
    noted = connection.execute(select(own.version).where(own.version > since).limit(MOST + 1)).scalars().all()
    return since <= until and len(noted) <= MOST and {*noted} == {*range(since + 1, until + 1)}


def _note(connection: Connection, kind: Kind, names: Select[Any]) -> None:
    number = literal(version_of(connection, "domains"))
    rows = names.add_columns(number.label("version"), literal(kind).label("kind"))
    noted = insert(connection.dialect, domain_changes).from_select(["name", "version", "kind"], rows)
    connection.execute(noted.on_conflict_do_nothing())
