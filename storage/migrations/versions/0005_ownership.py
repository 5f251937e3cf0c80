"""Rules of sending domains, the tokens that prove them, and claims to names of other projects."""

import secrets
from base64 import b32encode

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    for column in (
        sa.Column("rules", sa.JSON(), nullable=False, server_default=sa.text("'{}'")),
        sa.Column("token", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("verified_at", sa.DateTime(timezone=True)),
    ):
        op.add_column("sending_domains", column)
    _give_tokens()
    op.create_table(
        "claims",
        sa.Column("project", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("project", "kind", "name", name="pk_claims"),
    )
    op.create_index("ix_claims_created_at", "claims", ["created_at"])


def _give_tokens() -> None:
    """A domain from before can be proven, too."""
    sending_domains = sa.table("sending_domains", sa.column("id"), sa.column("token"))
    connection = op.get_bind()
    numbers = connection.execute(sa.select(sending_domains.c.id)).scalars().all()
    if numbers:
        given = sending_domains.update().where(sending_domains.c.id == sa.bindparam("number"))
        rows = [{"number": number, "given": _token()} for number in numbers]
        connection.execute(given.values(token=sa.bindparam("given")), rows)


def _token() -> str:
    return b32encode(secrets.token_bytes(20)).decode("ascii").lower()
