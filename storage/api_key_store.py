"""API keys in the database: `accounts.api_keys.ApiKeyStore`."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, Engine, ForeignKey, Row, Table, select
from sqlalchemy.exc import IntegrityError

from accounts.actors import Scope
from accounts.api_keys import ApiKey
from accounts.errors import NotFound, StoreUnavailable
from accounts.secret_hash import SecretHash
from storage.account_tables import projects
from storage.auditing import AUDITED, Audited
from storage.engine import transaction
from storage.metadata import StoredText, UtcDateTime, metadata

api_keys: Final = Table(
    "api_keys",
    metadata,
    Column("id", StoredText, primary_key=True),
    Column("project", ForeignKey(projects.c.id, ondelete="CASCADE"), index=True),  # NULL: all
    Column("scope", StoredText, nullable=False),
    Column("label", StoredText, nullable=False),
    Column("secret_hash", StoredText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_used_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    info={
        AUDITED: Audited(
            kind="API key",
            name=("id",),
            secret=frozenset({"secret_hash"}),
            apart=frozenset({"last_used_at"}),
        )
    },
)


class SqlApiKeyStore:
    """`accounts.api_keys.ApiKeyStore` on an engine of `storage.engine.open_engine`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def api_keys(self) -> list[ApiKey]:
        ordered = select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id)
        with transaction(self._engine, writes=False, raising=StoreUnavailable) as connection:
            return list(map(_key, connection.execute(ordered)))

    def find(self, number: str) -> ApiKey | None:
        wanted = select(api_keys).where(api_keys.c.id == number)
        with transaction(self._engine, writes=False, raising=StoreUnavailable) as connection:
            row = connection.execute(wanted).one_or_none()
            return None if row is None else _key(row)

    def add(self, key: ApiKey) -> None:
        added = api_keys.insert().values(
            id=key.id,
            project=key.project,
            scope=key.scope,
            label=key.label,
            secret_hash=str(key.secret_hash),
            created_at=key.created_at,
        )
        with transaction(self._engine, writes=True, raising=StoreUnavailable) as connection:
            try:
                connection.execute(added)
            except IntegrityError:
                raise NotFound("the project was removed a moment ago; the key was not made") from None

    def revoke(self, number: str, at: datetime) -> None:
        live = api_keys.update().where(api_keys.c.id == number, api_keys.c.revoked_at.is_(None))
        with transaction(self._engine, writes=True, raising=StoreUnavailable) as connection:
            connection.execute(live.values(revoked_at=at))

    def used(self, number: str, at: datetime) -> None:
        used = api_keys.update().where(api_keys.c.id == number)
        with transaction(self._engine, writes=True, raising=StoreUnavailable) as connection:
            connection.execute(used.values(last_used_at=at))


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        project=row.project,
        scope=Scope(row.scope),
        label=row.label,
        secret_hash=SecretHash.parse(row.secret_hash),
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
