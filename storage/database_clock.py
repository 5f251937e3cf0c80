"""The time of the database, which all machines share, and how far this machine's clock is from it."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, Engine, func, select

from storage.engine import transaction
from storage.failures import DatabaseUnavailable
from storage.metadata import UtcDateTime


def database_time(connection: Connection) -> datetime:
    """Return when the transaction began; SQLite's time is without fractions of a second.

    Leases go by it: the machines' own clocks may differ by more than a lease is long.
    """
    now: datetime = connection.execute(select(func.now(type_=UtcDateTime))).scalar_one()
    return now


def seconds_ahead(engine: Engine, clock: Callable[[], datetime]) -> float | None:
    """Return by how many seconds `clock` is ahead; None where the database has no clock of its own.

    The way there and back counts for half. Raises `DatabaseUnavailable`.
    """
    if engine.dialect.name != "postgresql":
        return None
    with transaction(engine, writes=False, raising=DatabaseUnavailable) as connection:
        asked = clock()
        told: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        answered = clock()
    return (asked + (answered - asked) / 2 - told).total_seconds()
