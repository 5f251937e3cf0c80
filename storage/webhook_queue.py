"""What is to be sent to webhooks: `events.webhooks.ports.DeliveryQueue`, for any number of machines."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    and_,
    bindparam,
    exists,
    func,
    not_,
    or_,
    select,
    update,
)

from events.webhooks.body import Facts
from events.webhooks.errors import StoreUnavailable
from events.webhooks.model import OF_HITS, OF_OUTCOMES, Delivery, Kind, Noted, Webhook
from events.webhooks.ports import Waiting
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

    def take_due(self, owner: str, *, limit: int, failing: int, seconds: float) -> list[Webhook]:
        with self._reading() as connection:  # first: to take nothing would lock SQLite's file
            chosen = _chosen(connection, limit, failing)
        if not chosen:
            return []
        with self._writing() as connection:
            now = database_time(connection)
            # On PostgreSQL what another machine has just leased is looked at again once that is committed.
            still = and_(webhooks.c.id.in_(chosen), _due(now))
            until = now + timedelta(seconds=seconds)
            leased = update(webhooks).where(still).values(leased_to=owner, leased_until=until, served_at=now)
            return [webhook(row) for row in connection.execute(leased.returning(*WEBHOOK_COLUMNS))]

    def release(self, owner: str, webhook: str | None = None) -> None:
        freed = update(webhooks).where(webhooks.c.leased_to == owner)
        if webhook is not None:
            freed = freed.where(webhooks.c.id == webhook)
        with self._writing() as connection:
            connection.execute(freed.values(leased_to=None, leased_until=None))

    def look(self, webhook: str, limit: int) -> Waiting:
        with self._reading() as connection:
            due = _due_batch(connection, webhook)
            noted = [] if due else _noted(connection, webhook, limit)
            return Waiting(due=due, noted=noted, facts=_facts(connection, due.events if due else noted))

    def batch(self, owner: str, webhook: str, delivery: str, taken: Sequence[Noted]) -> Delivery | None:
        waiting = webhook_outbox.c
        own = and_(webhooks.c.id == webhook, webhooks.c.leased_to == owner)
        places = [{"then": each.at, "this": each.event} for each in taken]
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
            # One by one along the primary key: for a list of places SQLite reads all that waits.
            this = (
                waiting.webhook == webhook,
                waiting.at == bindparam("then"),
                waiting.event == bindparam("this"),
            )
            connection.execute(webhook_outbox.delete().where(*this), places)
        return made

    def delivered(self, delivery: Delivery, detail: str) -> bool:
        well = {"failures": 0, "failing_since": None, "failing_why": "", "rest_until": None}
        own = webhook_deliveries.c
        with self._writing() as connection:
            now = database_time(connection)
            _end(connection, delivery, now, detail, delivered=True)
            failed = and_(webhooks.c.id == delivery.webhook, webhooks.c.failures > 0)
            if connection.execute(update(webhooks).where(failed).values(**well)).rowcount:
                waiting = and_(own.webhook == delivery.webhook, own.next_attempt_at > now)
                connection.execute(update(webhook_deliveries).where(waiting).values(next_attempt_at=now))
            waits = _waits(now, delivery.webhook)
            done = update(webhooks).where(webhooks.c.id == delivery.webhook, not_(waits))
            return not connection.execute(done.values(leased_to=None, leased_until=None)).rowcount

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


def _chosen(connection: Connection, limit: int, failing: int) -> list[str]:
    """Return the ids of webhooks that are due: those that failed first, so that no others keep them out."""
    now, own = database_time(connection), webhooks.c
    found: list[str] = []
    for failed, most in ((own.failures > 0, failing), (own.failures == 0, limit)):
        due = select(own.id).where(_due(now), failed).order_by(own.served_at.nulls_first())
        found += connection.execute(due.limit(min(most, limit - len(found)))).scalars()
    return found


def _due(now: datetime) -> ColumnElement[bool]:
    """Return what holds for a webhook that has something to be sent now, and that nobody has leased."""
    own = webhooks.c
    return and_(
        own.paused_at.is_(None),
        or_(own.leased_until.is_(None), own.leased_until <= now),
        or_(own.rest_until.is_(None), own.rest_until <= now),
        _waits(now, own.id),
    )


def _waits(now: datetime, webhook: ColumnElement[str] | str) -> ColumnElement[bool]:
    """Return whether anything is to be sent to it now."""
    batches = webhook_deliveries.c
    in_outbox = exists().where(webhook_outbox.c.webhook == webhook)
    in_batch = exists().where(batches.webhook == webhook, batches.next_attempt_at <= now)
    return or_(in_outbox, in_batch)


def _due_batch(connection: Connection, webhook: str) -> Delivery | None:
    """Return the batch that waits longest for an attempt, where its time has come."""
    own = webhook_deliveries.c
    come = own.next_attempt_at <= database_time(connection)
    wanted = select(webhook_deliveries).where(own.webhook == webhook, come)
    row = connection.execute(wanted.order_by(own.next_attempt_at).limit(1)).first()
    return None if row is None else delivery(row)


def _noted(connection: Connection, webhook: str, limit: int) -> list[Noted]:
    own = webhook_outbox.c
    wanted = select(own.event, own.kind, own.at, own.project, own.payload).where(own.webhook == webhook)
    rows = connection.execute(wanted.order_by(own.at, own.event).limit(limit))
    return [Noted(**{**row._mapping, "kind": Kind(row.kind)}) for row in rows]


def _facts(connection: Connection, noted: Sequence[Noted]) -> Facts:
    of_hits = {each.event: each.at for each in noted if each.kind in OF_HITS}
    of_outcomes = {each.event: each.at for each in noted if each.kind in OF_OUTCOMES}
    numbers = {each.project for each in noted if each.project is not None}
    named = select(projects.c.id, projects.c.name).where(projects.c.id.in_(numbers))
    events = by_ids(connection, of_hits, of_outcomes)
    names = {row.id: row.name for row in connection.execute(named)} if numbers else {}
    return Facts(events={event.id: event for event in events}, projects=names)


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
