"""The tables of tracking domains, their history, and sending domains."""

from typing import Final

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, Table, text

from storage.auditing import AUDITED, Audited
from storage.metadata import StoredText, UtcDateTime, metadata

tracking_domains: Final = Table(
    "tracking_domains",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project", Integer, nullable=False),
    Column("name", StoredText, nullable=False, unique=True),
    Column("target", StoredText, nullable=False),
    Column("state", StoredText, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("diagnosis", StoredText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("checked_at", UtcDateTime),
    Column("verified_at", UtcDateTime),
    Column("https", StoredText, nullable=False, server_default=text("'auto'")),
    Column("https_since", UtcDateTime),
    Column("pending_since", UtcDateTime),
    Column("next_check_at", UtcDateTime, index=True),
    Column("doubts", Integer, nullable=False, server_default=text("0")),
    Column("unanswered", Integer, nullable=False, server_default=text("0")),
    Column("evidence", JSON(none_as_null=True)),  # of the last check; read only where it is shown
    Column("leased_to", StoredText),  # the process that checks it, until then; see storage.leases
    Column("leased_until", UtcDateTime),
    Index("ix_tracking_domains_project_name", "project", "name"),
    # An id is never used again: a slow verification must not write its finding over a newer domain.
    sqlite_autoincrement=True,
    info={
        AUDITED: Audited(
            kind="tracking domain",
            name=("name",),
            apart=frozenset(
                {"checked_at", "next_check_at", "evidence", "leased_to", "leased_until", "diagnosis"}
            ),
        )
    },
)
Index(
    "uq_tracking_domains_default",
    tracking_domains.c.project,
    unique=True,
    sqlite_where=text("is_default"),
    postgresql_where=text("is_default"),
)

domain_history: Final = Table(
    "domain_history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project", Integer, nullable=False),
    Column("domain", StoredText, nullable=False),  # no foreign key: it outlives the domain
    Column("at", UtcDateTime, nullable=False),
    Column("cause", StoredText, nullable=False),
    Column("before", StoredText),
    Column("after", StoredText),
    Column("detail", StoredText, nullable=False),
    Column("evidence", JSON(none_as_null=True)),
    Index("ix_domain_history_domain_id", "domain", "id"),
    sqlite_autoincrement=True,
)

sending_domains: Final = Table(
    "sending_domains",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project", Integer, nullable=False),
    Column("name", StoredText, nullable=False, unique=True),
    Column("tracking_domain", ForeignKey(tracking_domains.c.id, ondelete="SET NULL"), index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("tracking", StoredText),
    Column("share", Integer, nullable=False, server_default=text("100")),
    Column("rules", JSON, nullable=False, server_default=text("'{}'")),
    Column("token", StoredText, nullable=False, server_default=text("''")),
    Column("verified_at", UtcDateTime),
    Column("recipients", StoredText),
    Index("ix_sending_domains_project_name", "project", "name"),
    sqlite_autoincrement=True,
    info={AUDITED: Audited(kind="sending domain", name=("name",), secret=frozenset({"token"}))},
)
