"""People who sign in to the dashboard, and their sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "people",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("project", sa.Integer()),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("login_hash", sa.Text(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_people"),
        sa.ForeignKeyConstraint(
            ["project"], ["projects.id"], name="fk_people_project_projects", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_people_project", "people", ["project"])
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("person", sa.Text()),
        sa.Column("api_key", sa.Text()),
        sa.Column("begun_at", moment, nullable=False),
        sa.Column("seen_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sessions"),
        sa.ForeignKeyConstraint(
            ["person"], ["people.name"], name="fk_sessions_person_people", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["api_key"], ["api_keys.id"], name="fk_sessions_api_key_api_keys", ondelete="CASCADE"
        ),
    )
    for column in ("person", "api_key", "begun_at"):
        op.create_index(f"ix_sessions_{column}", "sessions", [column])
