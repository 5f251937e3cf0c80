"""How far this machine's clock is from the database server's."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine, func, select

from storage.engine import transaction
from storage.failures import DatabaseUnavailable


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
