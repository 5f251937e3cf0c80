"""Webhooks, what waits for them, and batches on their way."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project", sa.Integer()),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("former_secret", sa.LargeBinary()),
        sa.Column("former_until", moment),
        sa.Column("paused_at", moment),
        sa.Column("paused_why", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("failures", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("failing_since", moment),
        sa.Column("failing_why", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("rest_until", moment),
        sa.Column("served_at", moment),
        sa.Column("leased_to", sa.Text()),
        sa.Column("leased_until", moment),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
        sa.ForeignKeyConstraint(
            ["project"], ["projects.id"], name="fk_webhooks_project_projects", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_webhooks_project", "webhooks", ["project"])
    op.create_table(
        "webhook_outbox",
        sa.Column("webhook", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("project", sa.Integer()),
        sa.Column("payload", sa.JSON()),
        sa.PrimaryKeyConstraint("webhook", "at", "event", name="pk_webhook_outbox"),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("webhook", sa.Text(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("begun_at", moment, nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("next_attempt_at", moment),
        sa.Column("ended_at", moment),
        sa.Column("delivered", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("detail", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
    )
    op.create_index("ix_webhook_deliveries_ended_at", "webhook_deliveries", ["ended_at"])
    for name in ("created_at", "next_attempt_at"):
        op.create_index(f"ix_webhook_deliveries_webhook_{name}", "webhook_deliveries", ["webhook", name])
    op.add_column("certificates", sa.Column("expiry_told_of", sa.Text()))
