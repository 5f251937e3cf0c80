"""Tables of webhooks, of what waits for them, and of batches on their way.

What waits names events, and holds none that speak of a person: those are read when they are sent. Nothing
has a foreign key on a webhook, which the insert of each event would have to lock; what is left of a removed
one is pruned.
"""

from typing import Final

from sqlalchemy import JSON, BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, text

from events.webhooks.endpoint import shown
from storage.account_tables import projects
from storage.auditing import AUDITED, Audited
from storage.metadata import StoredText, UtcDateTime, metadata

webhooks: Final = Table(
    "webhooks",
    metadata,
    Column("id", StoredText, primary_key=True),
    Column("project", ForeignKey(projects.c.id, ondelete="CASCADE"), index=True),  # NULL: all
    Column("url", StoredText, nullable=False),
    Column("kinds", JSON, nullable=False),
    Column("label", StoredText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("former_secret", LargeBinary),
    Column("former_until", UtcDateTime),
    Column("paused_at", UtcDateTime),
    Column("paused_why", StoredText, nullable=False, server_default=text("''")),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("failing_since", UtcDateTime),
    Column("failing_why", StoredText, nullable=False, server_default=text("''")),
    Column("rest_until", UtcDateTime),  # left alone until then, after a failure
    Column("served_at", UtcDateTime),
    Column("leased_to", StoredText),  # the process that sends to it, until then
    Column("leased_until", UtcDateTime),
    info={
        AUDITED: Audited(
            kind="webhook",
            name=("id",),
            secret=frozenset({"secret", "former_secret"}),
            in_part={"url": shown},
            apart=frozenset(
                {
                    "failures",
                    "failing_since",
                    "failing_why",
                    "rest_until",
                    "served_at",
                    "leased_to",
                    "leased_until",
                }
            ),
        )
    },
)

# In the order in which events are sent; an event that is noted again while it waits changes nothing.
webhook_outbox: Final = Table(
    "webhook_outbox",
    metadata,
    Column("webhook", StoredText, primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("event", StoredText, primary_key=True),
    Column("kind", StoredText, nullable=False),
    Column("project", Integer),
    Column("payload", JSON(none_as_null=True)),
)

webhook_deliveries: Final = Table(
    "webhook_deliveries",
    metadata,
    Column("id", StoredText, primary_key=True),
    Column("webhook", StoredText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("begun_at", UtcDateTime, nullable=False),
    Column("events", JSON, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_attempt_at", UtcDateTime),  # NULL once it has ended
    Column("ended_at", UtcDateTime, index=True),
    Column("delivered", Boolean, nullable=False, server_default=text("false")),
    Column("detail", StoredText, nullable=False, server_default=text("''")),
    Index("ix_webhook_deliveries_webhook_created_at", "webhook", "created_at"),
    Index("ix_webhook_deliveries_webhook_next_attempt_at", "webhook", "next_attempt_at"),
)
