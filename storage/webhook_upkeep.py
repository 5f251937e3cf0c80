"""What webhooks need beside deliveries: `events.webhooks.ports.WebhookUpkeep`."""

from contextlib import AbstractContextManager
from datetime import timedelta

from sqlalchemy import Connection, Engine, and_, delete, func, or_, select, update

from events.webhooks.errors import StoreUnavailable
from events.webhooks.model import BY_HAND, Health, Webhook
from storage.database_clock import database_time
from storage.engine import transaction
from storage.webhook_certificates import note_expiring
from storage.webhook_tables import webhook_deliveries, webhook_outbox, webhooks


class SqlWebhookUpkeep:
    """`events.webhooks.ports.WebhookUpkeep` on an engine of `storage.engine.open_engine`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def health(self) -> Health:
        own, waiting, batches = webhooks.c, webhook_outbox.c, webhook_deliveries.c
        # Along the primary key: the first event of each, however many wait.
        first = select(func.min(waiting.at)).where(waiting.webhook == own.id).scalar_subquery()
        begun = and_(batches.webhook == own.id, batches.next_attempt_at.is_not(None))
        batch = select(func.min(batches.begun_at)).where(begun).scalar_subquery()
        wanted = select(
            own.paused_at, own.paused_why, own.failures, first.label("first"), batch.label("batch")
        )
        with self._reading() as connection:
            now = database_time(connection)
            rows = connection.execute(wanted).all()
        counts = {"active": 0, "failing": 0, "paused": 0, "given_up": 0}
        oldest = now
        for row in rows:
            if row.paused_at is not None:
                counts["paused" if row.paused_why == BY_HAND else "given_up"] += 1
                continue
            counts["failing" if row.failures else "active"] += 1
            if row.first is not None:
                oldest = min(oldest, now - timedelta(milliseconds=now.timestamp() * 1000 - row.first))
            if row.batch is not None:
                oldest = min(oldest, row.batch)
        return Health(**counts, oldest_seconds=(now - oldest).total_seconds())

    def note_expiring(self) -> int:
        with self._writing() as connection:
            return note_expiring(connection)

    def prune(self, keep: timedelta) -> None:
        batches, waiting, own = webhook_deliveries.c, webhook_outbox.c, webhooks.c
        with self._writing() as connection:
            before = database_time(connection) - keep
            known = select(own.id)
            ended = or_(batches.ended_at < before, batches.webhook.not_in(known))
            connection.execute(delete(webhook_deliveries).where(ended))
            paused = select(own.id).where(own.paused_at.is_not(None))
            old = and_(waiting.webhook.in_(paused), waiting.at < round(before.timestamp() * 1000))
            connection.execute(delete(webhook_outbox).where(or_(old, waiting.webhook.not_in(known))))

    def seal_again(self, webhook: Webhook, secret: bytes, former: bytes | None) -> None:
        same = (webhooks.c.id == webhook.id, webhooks.c.secret == webhook.secret)
        with self._writing() as connection:
            sealed = update(webhooks).where(*same).values(secret=secret, former_secret=former)
            connection.execute(sealed)

    def _reading(self) -> AbstractContextManager[Connection]:
        return transaction(self._engine, writes=False, raising=StoreUnavailable)

    def _writing(self) -> AbstractContextManager[Connection]:
        return transaction(self._engine, writes=True, raising=StoreUnavailable)
