"""How far a sending domain has gone live; what was done to a message, and what its headers said."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("sending_domains", sa.Column("tracking", sa.Text()))
    op.add_column(
        "sending_domains", sa.Column("share", sa.Integer(), nullable=False, server_default=sa.text("100"))
    )
    # Messages from before have no reasons: they count as neither tracked nor untracked for any.
    for name, kind, default in (
        ("link_count", sa.BigInteger(), "0"),
        ("pixel", sa.Boolean(), "false"),
        ("untracked", sa.Text(), "''"),
        ("left_alone", sa.JSON(), "'{}'"),
        ("tags", sa.JSON(), "'[]'"),
        ("metadata", sa.JSON(), "'{}'"),
        ("problems", sa.JSON(), "'[]'"),
    ):
        column = sa.Column(name, kind, nullable=False, server_default=sa.text(default))
        op.add_column("messages", column)
