"""The clock of this machine, as far as others can be compared with it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from service.checkup.finding import Finding, ok, warn
from service.database import open_database
from service.errors import OperatorError
from service.settings import Settings
from storage.database_clock import seconds_ahead
from storage.failures import DatabaseUnavailable

TOLERATED_SECONDS: Final = 5.0
REMEDY: Final = "keep the time by NTP on every machine: checks and keys become due by the clock"


def look_at_clock(settings: Settings, _: int) -> Iterator[Finding]:
    """Compare it with the database server's; SQLite has no other."""
    try:
        with open_database(settings) as engine:
            ahead = seconds_ahead(engine, lambda: datetime.now(UTC))
    except (OperatorError, DatabaseUnavailable):
        return  # the finding about the database has said it
    if ahead is None:
        return
    if abs(ahead) <= TOLERATED_SECONDS:
        yield ok("clock", "agrees with that of the database")
    else:
        way = "ahead of" if ahead > 0 else "behind"
        yield warn("clock", f"{abs(ahead):.0f} seconds {way} that of the database", REMEDY)
