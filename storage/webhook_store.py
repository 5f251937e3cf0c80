"""Webhooks in the database: `events.webhooks.ports.WebhookStore`."""

from collections.abc import Collection
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, func, or_, select, update

from accounts.audit import Action, AuditChange
from events.webhooks.errors import StoreUnavailable, UnknownWebhook
from events.webhooks.model import Delivery, DeliveryState, Webhook
from events.webhooks.ports import Spot
from storage.auditing import note
from storage.database_clock import database_time
from storage.engine import transaction
from storage.webhook_rows import WEBHOOK_COLUMNS, delivery, webhook, webhook_values
from storage.webhook_tables import webhook_deliveries, webhook_outbox, webhooks


class SqlWebhookStore:
    """`events.webhooks.ports.WebhookStore` on an engine of `storage.engine.open_engine`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def webhooks(self) -> list[Webhook]:
        ordered = select(*WEBHOOK_COLUMNS).order_by(webhooks.c.created_at, webhooks.c.id)
        with self._reading() as connection:
            return [webhook(row) for row in connection.execute(ordered)]

    def find(self, webhook_id: str) -> Webhook | None:
        wanted = select(*WEBHOOK_COLUMNS).where(webhooks.c.id == webhook_id)
        with self._reading() as connection:
            row = connection.execute(wanted).one_or_none()
            return None if row is None else webhook(row)

    def add(self, added: Webhook) -> None:
        with self._writing() as connection:
            connection.execute(webhooks.insert().values(webhook_values(added)))

    def remove(self, webhook_id: str) -> None:
        with self._writing() as connection:
            connection.execute(webhooks.delete().where(webhooks.c.id == webhook_id))
            for table in (webhook_outbox, webhook_deliveries):
                connection.execute(table.delete().where(table.c.webhook == webhook_id))

    def set_secrets(
        self, webhook_id: str, secret: bytes, former: bytes | None, former_until: datetime | None
    ) -> None:
        with self._writing() as connection:
            _update(connection, webhook_id, secret=secret, former_secret=former, former_until=former_until)

    def pause(self, webhook_id: str, why: str) -> None:
        with self._writing() as connection:
            _update(connection, webhook_id, paused_at=database_time(connection), paused_why=why)

    def resume(self, webhook_id: str) -> None:
        nothing = {"failures": 0, "failing_since": None, "failing_why": "", "rest_until": None}
        with self._writing() as connection:
            _update(connection, webhook_id, paused_at=None, paused_why="", **nothing)

    def waiting(self, webhook_id: str) -> int:
        own = webhook_outbox.c.webhook == webhook_id
        with self._reading() as connection:
            return int(
                connection.execute(select(func.count()).select_from(webhook_outbox).where(own)).scalar_one()
            )

    def deliveries(
        self, webhook_id: str, state: DeliveryState | None, limit: int, beyond: Spot | None = None
    ) -> list[Delivery]:
        own = webhook_deliveries.c
        wanted = select(webhook_deliveries).where(own.webhook == webhook_id)
        if state is DeliveryState.WAITING:
            wanted = wanted.where(own.ended_at.is_(None))
        elif state is not None:
            wanted = wanted.where(
                own.ended_at.is_not(None), own.delivered == (state is DeliveryState.DELIVERED)
            )
        if beyond is not None:
            made, number = beyond
            wanted = wanted.where(or_(own.created_at < made, and_(own.created_at == made, own.id > number)))
        newest = wanted.order_by(own.created_at.desc(), own.id).limit(limit)
        with self._reading() as connection:
            return [delivery(row) for row in connection.execute(newest)]

    def replay(self, webhook_id: str, ids: Collection[str] | None, since: datetime | None) -> int:
        own = webhook_deliveries.c
        ended = update(webhook_deliveries).where(own.webhook == webhook_id, own.ended_at.is_not(None))
        if since is not None:
            ended = ended.where(own.created_at >= since)
        ended = ended.where(own.id.in_(ids)) if ids is not None else ended.where(~own.delivered)
        with self._writing() as connection:
            now = database_time(connection)
            anew = {"begun_at": now, "next_attempt_at": now, "ended_at": None, "delivered": False}
            count = connection.execute(ended.values(**anew, attempts=0)).rowcount
            if ids is not None and count < len({*ids}):
                raise UnknownWebhook(
                    f"{len({*ids}) - count} of these are no deliveries of webhook {webhook_id} that "
                    "have ended; the list of its deliveries shows them"
                )
            if count:
                note(connection, _replayed(connection, webhook_id, count))
            return count

    def _reading(self) -> AbstractContextManager[Connection]:
        return transaction(self._engine, writes=False, raising=StoreUnavailable)

    def _writing(self) -> AbstractContextManager[Connection]:
        return transaction(self._engine, writes=True, raising=StoreUnavailable)


def _replayed(connection: Connection, webhook_id: str, count: int) -> AuditChange:
    project = connection.execute(
        select(webhooks.c.project).where(webhooks.c.id == webhook_id)
    ).scalar_one_or_none()
    return AuditChange(
        project=project,
        action=Action.CHANGED,
        kind="webhook",
        name=webhook_id,
        before={},
        after={"replayed": count},
    )


def _update(connection: Connection, webhook_id: str, **columns: Any) -> None:
    """Raises `UnknownWebhook`."""
    changed = update(webhooks).where(webhooks.c.id == webhook_id).values(**columns)
    if not connection.execute(changed).rowcount:
        raise UnknownWebhook(f"there is no webhook {webhook_id} any more; it was removed a moment ago")
