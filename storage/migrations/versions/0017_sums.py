"""Numbers of whole days. Those that are there are summed by `waypost serve` when it runs."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "summed_days",
        sa.Column("day", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("summed", sa.BigInteger()),
        sa.PrimaryKeyConstraint("day", name="pk_summed_days"),
    )
    op.create_table(
        "sums",
        sa.Column("rollup", sa.Text(), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("project", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sending_domain", sa.Text(), nullable=False),
        sa.Column("tracking_domain", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("new_people", sa.Integer(), nullable=False),
        sa.Column("human", sa.Integer(), nullable=False),
        sa.Column("new_readers", sa.Integer(), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
    )
    op.create_index("ix_sums_rollup_day", "sums", ["rollup", "day"])
    op.create_table(
        "unsummed",
        sa.Column("rollup", sa.Text(), nullable=False),
        sa.Column("day", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("project", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("rollup", "day", "project", name="pk_unsummed"),
    )
    op.execute("INSERT INTO summed_days (day, changed) SELECT DISTINCT at / 86400000, 1 FROM hits")
