"""Tables of projects, credentials and routes."""

from typing import Final

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Integer, Table, UniqueConstraint, text

from storage.auditing import AUDITED, Audited
from storage.metadata import StoredText, UtcDateTime, metadata

# Ids are never used again: links, events and retired domains speak of a project by its number for ever.
projects: Final = Table(
    "projects",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", StoredText, nullable=False, unique=True),
    Column("tracking", StoredText),
    Column("unknown_senders", Boolean),
    Column("upstream", StoredText),
    Column("created_at", UtcDateTime, nullable=False),
    Column("privacy", JSON, nullable=False, server_default=text("'{}'")),
    sqlite_autoincrement=True,
    info={AUDITED: Audited(kind="project", name=("name",))},
)

project_networks: Final = Table(
    "project_networks",
    metadata,
    Column("network", StoredText, primary_key=True),
    Column("project", ForeignKey(projects.c.id, ondelete="CASCADE"), nullable=False, index=True),
    info={AUDITED: Audited(kind="network", name=("network",))},
)

routes: Final = Table(
    "routes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project", ForeignKey(projects.c.id, ondelete="CASCADE"), nullable=False),
    Column("name", StoredText, nullable=False),
    Column("clicks", Boolean),
    Column("opens", Boolean),
    Column("text", Boolean),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("project", "name"),
    sqlite_autoincrement=True,
    info={AUDITED: Audited(kind="route", name=("project", "name"))},
)

credentials: Final = Table(
    "credentials",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project", ForeignKey(projects.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("username", StoredText, nullable=False, unique=True),
    Column("label", StoredText, nullable=False),
    Column("secret_hash", StoredText, nullable=False),
    Column("route", ForeignKey(routes.c.id, ondelete="SET NULL"), index=True),
    Column("messages_per_minute", Integer),
    Column("recipients_per_day", Integer),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    sqlite_autoincrement=True,
    info={AUDITED: Audited(kind="credential", name=("username",), secret=frozenset({"secret_hash"}))},
)
