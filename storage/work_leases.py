"""Which process does a kind of background work: `events.ports.WorkLeases`, for any number of machines."""

from datetime import timedelta
from typing import Final

from sqlalchemy import Column, Engine, Table, or_

from events.ports import StoreUnavailable, Work
from storage.database_clock import database_time
from storage.dialects import insert
from storage.engine import transaction
from storage.metadata import StoredText, UtcDateTime, metadata

work_leases: Final = Table(
    "work_leases",
    metadata,
    Column("work", StoredText, primary_key=True),
    Column("owner", StoredText, nullable=False),
    Column("until", UtcDateTime, nullable=False),
)


class SqlWorkLeases:
    """`events.ports.WorkLeases` on an engine of `storage.engine.open_engine`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take(self, work: Work, owner: str, *, seconds: float) -> bool:
        own = work_leases.c
        with transaction(self._engine, writes=True, raising=StoreUnavailable) as connection:
            now = database_time(connection)
            lease = {"owner": owner, "until": now + timedelta(seconds=seconds)}
            taken = insert(connection.dialect, work_leases).values(work=work, **lease)
            renewed = taken.on_conflict_do_update(
                index_elements=[own.work], set_=lease, where=or_(own.owner == owner, own.until <= now)
            )
            return connection.execute(renewed.returning(own.work)).first() is not None

    def release(self, work: Work, owner: str) -> None:
        own = work_leases.c
        with transaction(self._engine, writes=True, raising=StoreUnavailable) as connection:
            connection.execute(work_leases.delete().where(own.work == work, own.owner == owner))
