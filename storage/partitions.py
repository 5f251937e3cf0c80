"""Partitions of `hits` on PostgreSQL, a month (UTC) each: `events.ports.HitPartitions`. SQLite has none.

Whatever has no partition of its own is in `hits_default`, so that no clock can make an insert fail; making a
partition moves what is there into it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final

from sqlalchemy import BigInteger, Connection, Engine, column, delete, func, select, table, text

from events.ports import StoreUnavailable
from storage.engine import repeatedly, transaction
from storage.event_tables import hits

AHEAD: Final = 3
"""Months after the present one that have a partition: time enough to mend what keeps them from being made."""

_DEFAULT: Final = "hits_default"
_PREFIX: Final = "hits_"
_FIRST_YEAR: Final = 2020  # times before are those of a wrong clock, and stay in the default partition
_LOCK: Final = 0x77617971  # advisory: one at a time changes partitions
_PATIENCE: Final = "SET LOCAL lock_timeout = '2s'"  # whoever comes later waits behind us for as long

Month = int
"""Months since the beginning of our era."""


class SqlHitPartitions:
    """`events.ports.HitPartitions` on an engine of `storage.engine.open_engine`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def make_ahead(self, now: int) -> Sequence[str]:
        if not self._are_there:
            return []
        with transaction(self._engine, writes=False, raising=StoreUnavailable) as connection:
            missing = _missing(connection, now)
        for month in missing:
            repeatedly(self._engine, partial(_make_within_bounds, month), raising=StoreUnavailable)
        return [_name(month) for month in missing]

    def drop_before(self, before: int) -> Sequence[str]:
        if not self._are_there:
            return []
        with transaction(self._engine, writes=False, raising=StoreUnavailable) as connection:
            past = sorted(month for month in _made(connection) if _start(month + 1) <= before)
        for month in past:
            repeatedly(self._engine, partial(_drop, month), raising=StoreUnavailable)
        return [_name(month) for month in past]

    @property
    def _are_there(self) -> bool:
        return self._engine.dialect.name == "postgresql"


def make_ahead(connection: Connection) -> None:
    """Make what is missing by the database's clock, within a transaction that may take long."""
    if connection.dialect.name != "postgresql":
        return
    now = connection.execute(text("SELECT (extract(epoch FROM now()) * 1000)::bigint")).scalar_one()
    for month in _missing(connection, now):
        _make(month, connection)


def _missing(connection: Connection, now: int) -> list[Month]:
    """Return the months ahead, and those of which there are hits in the default partition."""
    present = _month(datetime.fromtimestamp(now / 1000, UTC))
    latest = present + AHEAD
    at = table(_DEFAULT, column("at", BigInteger)).c.at
    month = func.date_trunc("month", func.timezone("UTC", func.to_timestamp(at / 1000.0)))
    astray = select(month).where(at >= _start(_FIRST_YEAR * 12), at < _start(latest + 1)).distinct()
    wanted = {*range(present, latest + 1), *map(_month, connection.execute(astray).scalars())}
    return sorted(wanted - _made(connection))


def _made(connection: Connection) -> set[Month]:
    parts = "SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid"
    names = connection.execute(text(parts + " WHERE inhparent = 'hits'::regclass"))
    return {_named(name) for name in names.scalars() if name != _DEFAULT}


def _make_within_bounds(month: Month, connection: Connection) -> None:
    connection.execute(text(_PATIENCE))
    _make(month, connection)


def _make(month: Month, connection: Connection) -> None:
    """Make a partition, with what the default one has of its month.

    CREATE TABLE … PARTITION OF would keep all readers out of the whole table, and fails where the default
    partition has such rows; ATTACH keeps them out of the default partition alone. Its lock on the table comes
    first, as an ANALYZE takes them.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    if month in _made(connection):
        return
    name, start, end = _name(month), _start(month), _start(month + 1)
    connection.execute(text("LOCK TABLE ONLY hits IN SHARE UPDATE EXCLUSIVE MODE"))
    connection.execute(text(f"LOCK TABLE {_DEFAULT} IN ACCESS EXCLUSIVE MODE"))
    connection.execute(text(f"CREATE TABLE {name} (LIKE hits INCLUDING ALL)"))
    default, own = (table(each, *map(column, hits.columns.keys())) for each in (_DEFAULT, name))
    moved = delete(default).where(default.c.at >= start, default.c.at < end).returning(default).cte()
    connection.execute(own.insert().from_select(hits.columns.keys(), select(moved)))
    connection.execute(text(f"ALTER TABLE hits ATTACH PARTITION {name} FOR VALUES FROM ({start}) TO ({end})"))


def _drop(month: Month, connection: Connection) -> None:
    connection.execute(text(_PATIENCE))
    connection.execute(text(f"DROP TABLE IF EXISTS {_name(month)}"))


def _month(time: datetime) -> Month:
    return time.year * 12 + time.month - 1


def _start(month: Month) -> int:
    """Return the first millisecond."""
    return int(datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC).timestamp()) * 1000


def _name(month: Month) -> str:
    return f"{_PREFIX}{month // 12:04}_{month % 12 + 1:02}"


def _named(name: str) -> Month:
    year, month = name.removeprefix(_PREFIX).split("_")
    return int(year) * 12 + int(month) - 1
