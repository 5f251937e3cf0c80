"""Who was forgotten, as fingerprints, for records that come late."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "forgotten",
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("project", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", "project", name="pk_forgotten"),
    )
