"""What projects and sending domains say about recipients, and what was decided for each message."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("projects", sa.Column("privacy", sa.JSON(), nullable=False, server_default=sa.text("'{}'")))
    op.add_column("sending_domains", sa.Column("recipients", sa.Text()))
    # Nobody said of older messages that they are to be forgotten sooner.
    op.add_column(
        "messages",
        sa.Column("recipient_tracking", sa.Text(), nullable=False, server_default=sa.text("'identified'")),
    )
