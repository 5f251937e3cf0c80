"""Pages of a project's domains are found by an index, however many other projects have."""

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_index("ix_tracking_domains_project_name", "tracking_domains", ["project", "name"])
    op.create_index("ix_sending_domains_project_name", "sending_domains", ["project", "name"])
