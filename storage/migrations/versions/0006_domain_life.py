"""When tracking domains are checked, which links they get, and what happened to them."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    _create_history()
    for column in (
        sa.Column("https", sa.Text(), nullable=False, server_default=sa.text("'auto'")),
        sa.Column("https_since", sa.DateTime(timezone=True)),
        sa.Column("pending_since", sa.DateTime(timezone=True)),
        sa.Column("next_check_at", sa.DateTime(timezone=True)),
        sa.Column("doubts", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("unanswered", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("evidence", sa.JSON(none_as_null=True)),
    ):
        op.add_column("tracking_domains", column)
    op.create_index("ix_tracking_domains_next_check_at", "tracking_domains", ["next_check_at"])
    _begin_checks()


def _create_history() -> None:
    op.create_table(
        "domain_history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project", sa.Integer(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("before", sa.Text()),
        sa.Column("after", sa.Text()),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("evidence", sa.JSON(none_as_null=True)),
        sa.PrimaryKeyConstraint("id", name="pk_domain_history"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_domain_history_domain_id", "domain_history", ["domain", "id"])


def _begin_checks() -> None:
    """Check all of them soon. A pending domain gets its 72 hours from now: nobody checked it before."""
    now = datetime.now(UTC)
    time = sa.DateTime(timezone=True)
    domains = sa.table(
        "tracking_domains",
        sa.column("state", sa.Text()),
        sa.column("pending_since", time),
        sa.column("next_check_at", time),
    )
    op.execute(domains.update().where(domains.c.state != "retired").values(next_check_at=now))
    op.execute(domains.update().where(domains.c.state == "pending").values(pending_since=now))
