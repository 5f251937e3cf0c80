"""What is to be sent to webhooks: `events.webhooks.ports.DeliveryQueue`, for any number of machines."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, exists, func, or_, select, tuple_, update

from events.webhooks.body import Facts
from events.webhooks.errors import StoreUnavailable
from events.webhooks.model import OF_MESSAGES, Delivery, Kind, Noted, Webhook
from storage.account_tables import projects
from storage.database_clock import database_time
from storage.engine import transaction
from storage.event_query import by_ids
from storage.webhook_rows import WEBHOOK_COLUMNS, delivery, event_values, webhook
from storage.webhook_tables import webhook_deliveries, webhook_outbox, webhooks


class SqlDeliveryQueue:
    """`events.webhooks.ports.DeliveryQueue` on an engine of `storage.engine.open_engine`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take_due(self, owner: str, *, limit: int, seconds: float, failing: bool) -> list[Webhook]:
        with self._reading() as connection:  # first: to take nothing would lock SQLite's file
            due = _due(database_time(connection), failing)
            if connection.execute(select(webhooks.c.id).where(due).limit(1)).first() is None:
                return []
        with self._writing() as connection:
            now = database_time(connection)
            # A subquery in place of the CTE may be planned to run, and lock, more than once.
            chosen = (
                select(webhooks.c.id)
                .where(_due(now, failing))
                .order_by(webhooks.c.served_at.nulls_first())
                .limit(limit)
                .with_for_update(skip_locked=True)  # SQLite has no rows to lock: it lets one writer in
                .cte("chosen")
            )
            leased = update(webhooks).where(webhooks.c.id.in_(select(chosen.c.id)))
            until = now + timedelta(seconds=seconds)
            leased = leased.values(leased_to=owner, leased_until=until, served_at=now)
            return [webhook(row) for row in connection.execute(leased.returning(*WEBHOOK_COLUMNS))]

    def release(self, owner: str, webhook: str | None = None) -> None:
        freed = update(webhooks).where(webhooks.c.leased_to == owner)
        if webhook is not None:
            freed = freed.where(webhooks.c.id == webhook)
        with self._writing() as connection:
            connection.execute(freed.values(leased_to=None, leased_until=None))

    def due(self, webhook: str) -> Delivery | None:
        own = webhook_deliveries.c
        with self._reading() as connection:
            come = own.next_attempt_at <= database_time(connection)
            wanted = select(webhook_deliveries).where(own.webhook == webhook, come)
            row = connection.execute(wanted.order_by(own.next_attempt_at).limit(1)).first()
            return None if row is None else delivery(row)

    def noted(self, webhook: str, limit: int) -> list[Noted]:
        own = webhook_outbox.c
        wanted = select(own.event, own.kind, own.at, own.project, own.payload).where(own.webhook == webhook)
        with self._reading() as connection:
            rows = connection.execute(wanted.order_by(own.at, own.event).limit(limit)).all()
        return [Noted(**{**row._mapping, "kind": Kind(row.kind)}) for row in rows]

    def facts(self, noted: Sequence[Noted]) -> Facts:
        of_messages = {each.event: each.at for each in noted if each.kind in OF_MESSAGES}
        numbers = {each.project for each in noted if each.project is not None}
        named = select(projects.c.id, projects.c.name).where(projects.c.id.in_(numbers))
        with self._reading() as connection:
            events = by_ids(connection, of_messages) if of_messages else []
            names = {row.id: row.name for row in connection.execute(named)}
        return Facts(events={event.id: event for event in events}, projects=names)

    def batch(self, owner: str, webhook: str, delivery: str, taken: Sequence[Noted]) -> Delivery | None:
        waiting = webhook_outbox.c
        own = and_(webhooks.c.id == webhook, webhooks.c.leased_to == owner)
        places = [(each.at, each.event) for each in taken]
        with self._writing() as connection:
            if connection.execute(select(webhooks.c.id).where(own).with_for_update()).first() is None:
                return None
            made = Delivery(
                id=delivery,
                webhook=webhook,
                created_at=(now := database_time(connection)),
                begun_at=now,
                events=tuple(taken),
                next_attempt_at=now,
            )
            connection.execute(webhook_deliveries.insert().values(_columns(made)))
            these = tuple_(waiting.at, waiting.event).in_(places)
            connection.execute(webhook_outbox.delete().where(waiting.webhook == webhook, these))
        return made

    def delivered(self, delivery: Delivery, detail: str) -> None:
        well = {"failures": 0, "failing_since": None, "failing_why": "", "rest_until": None}
        own = webhook_deliveries.c
        with self._writing() as connection:
            now = database_time(connection)
            _end(connection, delivery, now, detail, delivered=True)
            failed = and_(webhooks.c.id == delivery.webhook, webhooks.c.failures > 0)
            if connection.execute(update(webhooks).where(failed).values(**well)).rowcount:
                waiting = and_(own.webhook == delivery.webhook, own.next_attempt_at > now)
                connection.execute(update(webhook_deliveries).where(waiting).values(next_attempt_at=now))

    def failed(self, delivery: Delivery, detail: str, *, next_in: float | None, rest: float) -> None:
        own = webhooks.c
        with self._writing() as connection:
            now = database_time(connection)
            if next_in is None:
                _end(connection, delivery, now, detail, delivered=False)
            else:
                later = now + timedelta(seconds=next_in)
                _tried(connection, delivery, detail, next_attempt_at=later)
            failing = {
                "failures": own.failures + 1,
                "failing_since": func.coalesce(own.failing_since, now),
                "failing_why": detail,
                "rest_until": now + timedelta(seconds=rest),
            }
            connection.execute(update(webhooks).where(own.id == delivery.webhook).values(**failing))

    def give_up(self, webhook: str, why: str) -> None:
        own = webhook_deliveries.c
        with self._writing() as connection:
            now = database_time(connection)
            paused = update(webhooks).where(webhooks.c.id == webhook, webhooks.c.paused_at.is_(None))
            connection.execute(paused.values(paused_at=now, paused_why=why))
            waiting = update(webhook_deliveries).where(own.webhook == webhook, own.ended_at.is_(None))
            connection.execute(waiting.values(next_attempt_at=None, ended_at=now))

    def drop(self, delivery: Delivery) -> None:
        with self._writing() as connection:
            gone = webhook_deliveries.delete().where(webhook_deliveries.c.id == delivery.id)
            connection.execute(gone)

    def _reading(self) -> AbstractContextManager[Connection]:
        return transaction(self._engine, writes=False, raising=StoreUnavailable)

    def _writing(self) -> AbstractContextManager[Connection]:
        return transaction(self._engine, writes=True, raising=StoreUnavailable)


def _due(now: datetime, failing: bool) -> ColumnElement[bool]:
    """Return what holds for a webhook that has something to be sent now, and that nobody has leased."""
    own, batches = webhooks.c, webhook_deliveries.c
    in_outbox = exists().where(webhook_outbox.c.webhook == own.id)
    in_batch = exists().where(batches.webhook == own.id, batches.next_attempt_at <= now)
    return and_(
        own.paused_at.is_(None),
        own.failures > 0 if failing else own.failures == 0,
        or_(own.leased_until.is_(None), own.leased_until <= now),
        or_(own.rest_until.is_(None), own.rest_until <= now),
        or_(in_outbox, in_batch),
    )


def _columns(made: Delivery) -> dict[str, Any]:
    return {
        "id": made.id,
        "webhook": made.webhook,
        "created_at": made.created_at,
        "begun_at": made.begun_at,
        "events": list(map(event_values, made.events)),
        "next_attempt_at": made.next_attempt_at,
    }


def _tried(connection: Connection, delivery: Delivery, detail: str, **columns: Any) -> None:
    own = webhook_deliveries.c
    attempts = {"attempts": delivery.attempts + 1, "detail": detail}
    connection.execute(update(webhook_deliveries).where(own.id == delivery.id).values(**attempts, **columns))


def _end(connection: Connection, delivery: Delivery, now: datetime, detail: str, *, delivered: bool) -> None:
    _tried(connection, delivery, detail, next_attempt_at=None, ended_at=now, delivered=delivered)
