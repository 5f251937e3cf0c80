"""Creating the database and bringing it up to date. Only `upgrade` ever creates a file."""

from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import URL, Connection

from storage.engine import backend_of, open_engine, transaction
from storage.failures import DatabaseUnavailable, WrongDatabase, shown
from storage.partitions import make_ahead

_LOCATION: Final = "storage:migrations"


def upgrade(url: str | URL, *, create: bool = True, to: str = "head") -> None:
    """Create SQLite's file where it is missing (0600, its folder 0700), and migrate in one transaction.

    Without `create` a missing or empty database is an error: it would know no domain. `to` is the revision to
    stop at.

    Repeating it changes nothing. Raises `DatabaseUnavailable`: a `WrongDatabase` where waiting would not
    mend it.
    """
    engine = open_engine(url)
    backend = backend_of(engine.url)
    if create:
        backend.create(engine.url)
    try:
        with transaction(engine, writes=True, raising=DatabaseUnavailable) as connection:
            backend.begin_upgrade(connection)
            if not create:
                _require_tables(connection, shown(engine.url))
            command.upgrade(_config(connection), to)
            if to == "head":
                make_ahead(connection)
    except CommandError:
        raise WrongDatabase("The database was made by a newer Waypost; install that version again.") from None
    finally:
        engine.dispose()


def _require_tables(connection: Connection, database: str) -> None:
    if not MigrationContext.configure(connection).get_current_heads():
        raise WrongDatabase(f"The database {database} is empty; run `waypost db upgrade` where it is new.")


def _config(connection: Connection) -> Config:
    """Return what an alembic.ini would hold; migrations/env.py takes the connection from it."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", _LOCATION)
    config.set_main_option("path_separator", "os")
    return config
