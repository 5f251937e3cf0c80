"""Certificates of hosts, the orders of the last day, and what ACME needs."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _create_certificates()
    _create_acme()


def _create_certificates() -> None:
    op.create_table(
        "certificates",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("authority", sa.Text()),
        sa.Column("chain", sa.Text()),
        sa.Column("sealed_key", sa.LargeBinary()),
        sa.Column("issuer", sa.Text()),
        sa.Column("serial", sa.Text()),
        sa.Column("fingerprint", sa.Text()),
        sa.Column("not_before", sa.DateTime(timezone=True)),
        sa.Column("not_after", sa.DateTime(timezone=True)),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("leased_until", sa.DateTime(timezone=True)),
        sa.Column("advice_at", sa.DateTime(timezone=True)),
        sa.Column("failures", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("problem_type", sa.Text()),
        sa.Column("problem_detail", sa.Text()),
        sa.Column("problem_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("host", name="pk_certificates"),
    )
    for column in ("version", "due_at", "advice_at"):
        op.create_index(f"ix_certificates_{column}", "certificates", [column])
    op.create_table(
        "certificate_orders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_certificate_orders"),
    )
    op.create_index("ix_certificate_orders_at", "certificate_orders", ["at"])


def _create_acme() -> None:
    op.create_table(
        "acme_challenges",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token", name="pk_acme_challenges"),
    )
    op.create_table(
        "acme_accounts",
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("contact", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("directory", name="pk_acme_accounts"),
    )
