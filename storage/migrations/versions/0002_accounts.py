"""The tables of projects, credentials and routes, with the project `default`."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _create_projects()
    _create_routes()
    _create_credentials()
    # The first number that the table gives is 1, which is what everything so far belongs to.
    op.execute("INSERT INTO projects (name, created_at) VALUES ('default', CURRENT_TIMESTAMP)")


def _create_projects() -> None:
    op.create_table(
        "projects",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tracking", sa.Text()),
        sa.Column("unknown_senders", sa.Boolean()),
        sa.Column("upstream", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
        sa.UniqueConstraint("name", name="uq_projects_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "project_networks",
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("project", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("network", name="pk_project_networks"),
        sa.ForeignKeyConstraint(
            ["project"], ["projects.id"], name="fk_project_networks_project_projects", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_project_networks_project", "project_networks", ["project"])


def _create_routes() -> None:
    op.create_table(
        "routes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("clicks", sa.Boolean()),
        sa.Column("opens", sa.Boolean()),
        sa.Column("text", sa.Boolean()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_routes"),
        sa.UniqueConstraint("project", "name", name="uq_routes_project_name"),
        sa.ForeignKeyConstraint(
            ["project"], ["projects.id"], name="fk_routes_project_projects", ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,
    )


def _create_credentials() -> None:
    op.create_table(
        "credentials",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project", sa.Integer(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("route", sa.Integer()),
        sa.Column("messages_per_minute", sa.Integer()),
        sa.Column("recipients_per_day", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_credentials"),
        sa.ForeignKeyConstraint(
            ["project"], ["projects.id"], name="fk_credentials_project_projects", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("username", name="uq_credentials_username"),
        sa.ForeignKeyConstraint(
            ["route"], ["routes.id"], name="fk_credentials_route_routes", ondelete="SET NULL"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_credentials_project", "credentials", ["project"])
    op.create_index("ix_credentials_route", "credentials", ["route"])
