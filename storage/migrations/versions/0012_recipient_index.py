"""What happened to the mail of one recipient is found by an index."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    # PostgreSQL indexes no more than 2,704 bytes; RFC 5321 allows addresses of 254.
    op.execute("UPDATE recipients SET address = substr(address, 1, 600) WHERE length(address) > 600")
    op.create_index("ix_recipients_address", "recipients", ["address"])
