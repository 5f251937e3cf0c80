"""Tables of certificates: hosts, orders, and what ACME needs."""

from typing import Final

from sqlalchemy import JSON, Column, Integer, LargeBinary, Table, text

from storage.auditing import AUDITED, Audited
from storage.metadata import StoredText, UtcDateTime, metadata

# `version` is the number of the change that wrote the row last: changes are found by it, and stale writes
# refused.
certificates: Final = Table(
    "certificates",
    metadata,
    Column("host", StoredText, primary_key=True),
    Column("version", Integer, nullable=False, index=True),
    Column("authority", StoredText),
    Column("chain", StoredText),
    Column("sealed_key", LargeBinary),
    Column("issuer", StoredText),
    Column("serial", StoredText),
    Column("fingerprint", StoredText),
    Column("not_before", UtcDateTime),
    Column("not_after", UtcDateTime),
    Column("due_at", UtcDateTime, index=True),
    Column("leased_until", UtcDateTime),
    Column("advice_at", UtcDateTime, index=True),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("problem_type", StoredText),
    Column("problem_detail", StoredText),
    Column("problem_at", UtcDateTime),
    Column("expiry_told_of", StoredText),  # the fingerprint of which webhooks were told that it runs out
    info={
        AUDITED: Audited(
            kind="certificate",
            name=("host",),
            apart=frozenset(
                {"version", "chain", "sealed_key", "leased_until", "advice_at", "due_at", "expiry_told_of"}
            ),
        )
    },
)

certificate_orders: Final = Table(
    "certificate_orders",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("host", StoredText, nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
)

acme_challenges: Final = Table(
    "acme_challenges",
    metadata,
    Column("token", StoredText, primary_key=True),
    Column("host", StoredText, nullable=False),
    Column("answer", StoredText, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

acme_accounts: Final = Table(
    "acme_accounts",
    metadata,
    Column("directory", StoredText, primary_key=True),
    Column("sealed_key", LargeBinary, nullable=False),
    Column("uri", StoredText, nullable=False),
    Column("contact", JSON, nullable=False),
)
