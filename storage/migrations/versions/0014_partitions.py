"""Hits by time: their primary key begins with it, and PostgreSQL keeps each month in a partition."""

from datetime import UTC

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    partitioned = op.get_bind().dialect.name == "postgresql"
    op.rename_table("hits", "former_hits")
    op.drop_index("ix_hits_message", "former_hits")
    op.drop_index("ix_hits_at_id", "former_hits")
    if partitioned:  # where the names of constraints are the schema's
        op.drop_constraint("pk_hits", "former_hits")
    _create_hits()
    if partitioned:
        _create_partitions()
    names = [column.name for column in _columns()]
    former, hits = (sa.table(name, *map(sa.column, names)) for name in ("former_hits", "hits"))
    op.execute(hits.insert().from_select(names, sa.select(former)))
    op.drop_table("former_hits")
    op.create_index("ix_hits_message", "hits", ["message"])


def _create_hits() -> None:
    op.create_table(
        "hits",
        *_columns(),
        sa.PrimaryKeyConstraint("at", "id", name="pk_hits"),
        postgresql_partition_by="RANGE (at)",
    )


def _columns() -> list[sa.Column[object]]:
    return [
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("project", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text()),
        sa.Column("link", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("verdict", sa.Text(), nullable=False, server_default=sa.text("'human'")),
        sa.Column("reasons", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("rules", sa.Integer(), nullable=False, server_default=sa.text("0")),
    ]


def _create_partitions() -> None:
    """Make one for each month that has hits; times that no right clock has shown go where all others go."""
    op.execute("CREATE TABLE hits_default PARTITION OF hits DEFAULT")
    times = sa.table("former_hits", sa.column("at", sa.BigInteger))
    month = sa.func.date_trunc("month", sa.func.timezone("UTC", sa.func.to_timestamp(times.c.at / 1000.0)))
    known = times.c.at.between(1_577_836_800_000, sa.extract("epoch", sa.func.now()) * 1000)  # since 2020
    for (start,) in op.get_bind().execute(sa.select(month).where(known).distinct()).all():
        end = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
        bounds = " TO ".join(f"({int(each.replace(tzinfo=UTC).timestamp()) * 1000})" for each in (start, end))
        op.execute(f"CREATE TABLE hits_{start:%Y_%m} PARTITION OF hits FOR VALUES FROM {bounds}")
