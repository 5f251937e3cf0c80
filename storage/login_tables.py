"""Tables of people who sign in, and of their sessions."""

from typing import Final

from sqlalchemy import Column, ForeignKey, Table

from storage.account_tables import projects
from storage.api_key_store import api_keys
from storage.auditing import AUDITED, Audited
from storage.metadata import StoredText, UtcDateTime, metadata

people: Final = Table(
    "people",
    metadata,
    Column("name", StoredText, primary_key=True),
    Column("project", ForeignKey(projects.c.id, ondelete="CASCADE"), index=True),  # NULL: all
    Column("scope", StoredText, nullable=False),
    Column("login_hash", StoredText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    info={AUDITED: Audited(kind="person", name=("name",), secret=frozenset({"login_hash"}))},
)

sessions: Final = Table(
    "sessions",
    metadata,
    Column("token_hash", StoredText, primary_key=True),
    Column("person", ForeignKey(people.c.name, ondelete="CASCADE"), index=True),  # either this
    Column("api_key", ForeignKey(api_keys.c.id, ondelete="CASCADE"), index=True),  # or that
    Column("begun_at", UtcDateTime, nullable=False, index=True),
    Column("seen_at", UtcDateTime, nullable=False),
)
