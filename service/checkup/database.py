"""The database, and room for it where it is a file."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import URL

from service.checkup.finding import Finding, fail, ok
from service.checkup.storage_space import space
from service.database import open_database
from service.errors import OperatorError
from service.settings import Settings
from storage.failures import DatabaseUnavailable
from storage.schema_version import is_current


def look_at_database(settings: Settings, _: int) -> Iterator[Finding]:
    """Say whether it can be reached and is of this version."""
    try:
        with open_database(settings) as engine:
            url, current = engine.url, is_current(engine)
    except (OperatorError, DatabaseUnavailable) as error:
        yield fail("database", str(error), "run `waypost db upgrade` where it is new")
        return
    if current:
        yield ok("database", "reachable and up to date")
    else:
        yield fail("database", "its tables are of another version", "run `waypost db upgrade`")
    yield from _space(url)


def _space(url: URL) -> Iterator[Finding]:
    if url.get_backend_name() == "sqlite" and url.database:
        yield from space("database", Path(url.database).parent)
