"""Who checks which tracking domain: `domains.ports.CheckLeases`, for any number of processes and machines."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Engine, and_, func, or_, select, update

from domains.due import Backlog
from domains.errors import StoreUnavailable
from domains.model import TrackingDomain
from storage.database_clock import database_time
from storage.domain_rows import TRACKING_COLUMNS, tracking_domain
from storage.domain_tables import tracking_domains
from storage.engine import transaction
from storage.metadata import UtcDateTime


class SqlCheckLeases:
    """`domains.ports.CheckLeases` on an engine of `storage.engine.open_engine`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take_due(self, owner: str, *, limit: int, seconds: float) -> list[TrackingDomain]:
        own = tracking_domains.c
        with transaction(self._engine, writes=True, raising=StoreUnavailable) as connection:
            now = database_time(connection)
            # A subquery in place of the CTE may be planned to run, and lock, more than once.
            due = (
                select(own.id)
                .where(_waiting(now))
                .order_by(own.next_check_at)
                .limit(limit)
                .with_for_update(skip_locked=True)  # SQLite has no rows to lock: it lets one writer in
                .cte("due")
            )
            leased = (
                update(tracking_domains)
                .where(own.id.in_(select(due.c.id)))
                .values(leased_to=owner, leased_until=now + timedelta(seconds=seconds))
                .returning(*TRACKING_COLUMNS)
            )
            return [tracking_domain(row) for row in connection.execute(leased)]

    def release(self, owner: str) -> None:
        own = tracking_domains.c
        freed = update(tracking_domains).where(own.leased_to == owner)
        with transaction(self._engine, writes=True, raising=StoreUnavailable) as connection:
            connection.execute(freed.values(leased_to=None, leased_until=None))

    def backlog(self) -> Backlog:
        first = func.min(tracking_domains.c.next_check_at, type_=UtcDateTime)
        with transaction(self._engine, writes=False, raising=StoreUnavailable) as connection:
            now = database_time(connection)
            waiting, oldest = connection.execute(select(func.count(), first).where(_waiting(now))).one()
            return Backlog(waiting=waiting, oldest_seconds=(now - oldest).total_seconds() if oldest else 0.0)


def _waiting(now: datetime) -> ColumnElement[bool]:
    own = tracking_domains.c
    return and_(own.next_check_at <= now, or_(own.leased_until.is_(None), own.leased_until <= now))
