"""What Alembic runs: the migrations, on the connection and inside the transaction of `storage.migrate`."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
