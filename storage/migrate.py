"""Creating the database and bringing it up to date. Only `upgrade` ever creates a file."""

import os
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine

from storage.engine import DatabaseUnavailable, database_file, open_engine, transaction

_LOCATION: Final = "storage:migrations"


def upgrade(url: str, *, create: bool = True, to: str = "head") -> None:
    """Create the database where it is missing (0600, its folder 0700) and migrate it in one transaction.

    Without `create` a missing one is an error: an empty one in its place would know no domain. `to` is the
    revision to stop at.

    Repeating it changes nothing. Raises `DatabaseUnavailable`.
    """
    engine = open_engine(url)
    if create:
        _create(database_file(url))
    with transaction(engine, writes=True, raising=DatabaseUnavailable) as connection:
        try:
            command.upgrade(_config(connection), to)
        except CommandError:
            raise DatabaseUnavailable(
                "The database was made by a newer Waypost; install that version again."
            ) from None


def is_current(engine: Engine) -> bool:
    """Tell whether the database has exactly this version's tables. Raises `DatabaseUnavailable`."""
    with transaction(engine, writes=False, raising=DatabaseUnavailable) as connection:
        scripts = ScriptDirectory.from_config(_config(connection))
        return MigrationContext.configure(connection).get_current_heads() == tuple(scripts.get_heads())


def _create(file: Path) -> None:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise DatabaseUnavailable(f"The database {file} cannot be created: {error.strerror}.") from None


def _config(connection: Connection) -> Config:
    """Return what an alembic.ini would hold; migrations/env.py takes the connection from it."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", _LOCATION)
    config.set_main_option("path_separator", "os")
    return config
