"""What is thought of hits. Those that are there are judged by `waypost serve` when it runs."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    for column in (
        sa.Column("purpose", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("verdict", sa.Text(), nullable=False, server_default=sa.text("'human'")),
        sa.Column("reasons", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("rules", sa.Integer(), nullable=False, server_default=sa.text("0")),
    ):
        op.add_column("hits", column)
    op.create_table(
        "unjudged",
        sa.Column("minute", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("hit", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("minute", "hit", name="pk_unjudged"),
    )
    op.execute("INSERT INTO unjudged (minute, hit) SELECT DISTINCT at / 60000, '' FROM hits")
