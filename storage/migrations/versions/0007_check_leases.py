"""Which process checks a tracking domain, and until when nobody else does."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("tracking_domains", sa.Column("leased_to", sa.Text()))
    op.add_column("tracking_domains", sa.Column("leased_until", sa.DateTime(timezone=True)))
