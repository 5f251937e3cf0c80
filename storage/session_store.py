"""Sessions of the dashboard in the database: `accounts.sessions.SessionStore`."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, or_, select

from accounts.actors import Actor, Scope
from accounts.api_keys import ApiKey
from accounts.errors import NotFound, StoreUnavailable
from accounts.people import Person
from accounts.sessions import KeptSession
from storage.api_key_store import api_keys
from storage.engine import transaction
from storage.login_tables import people, sessions


class SqlSessionStore:
    """`accounts.sessions.SessionStore` on an engine of `storage.engine.open_engine`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, token_hash: str, holder: Person | ApiKey, at: datetime) -> None:
        by = {"person": holder.name} if isinstance(holder, Person) else {"api_key": holder.id}
        begun = sessions.insert().values(token_hash=token_hash, begun_at=at, seen_at=at, **by)
        with transaction(self._engine, writes=True, raising=StoreUnavailable) as connection:
            if not _is_as_it_was(connection, holder):
                raise NotFound("this login was changed or ended a moment ago; sign in again")
            connection.execute(begun)

    def find(self, token_hash: str) -> KeptSession | None:
        wanted = (
            select(
                sessions,
                people.c.scope.label("person_scope"),
                people.c.project.label("person_project"),
                api_keys.c.scope.label("key_scope"),
                api_keys.c.project.label("key_project"),
            )
            .select_from(
                sessions.outerjoin(people, sessions.c.person == people.c.name).outerjoin(
                    api_keys, and_(sessions.c.api_key == api_keys.c.id, api_keys.c.revoked_at.is_(None))
                )
            )
            .where(sessions.c.token_hash == token_hash)
        )
        with transaction(self._engine, writes=False, raising=StoreUnavailable) as connection:
            row = connection.execute(wanted).one_or_none()
        actor = None if row is None else _actor(row)
        if row is None or actor is None:
            return None
        return KeptSession(token_hash=token_hash, actor=actor, begun_at=row.begun_at, seen_at=row.seen_at)

    def seen(self, token_hash: str, at: datetime) -> None:
        used = sessions.update().where(sessions.c.token_hash == token_hash).values(seen_at=at)
        with transaction(self._engine, writes=True, raising=StoreUnavailable) as connection:
            connection.execute(used)

    def remove(self, token_hash: str) -> None:
        self._remove(sessions.c.token_hash == token_hash)

    def remove_ended(self, *, begun_before: datetime, seen_before: datetime) -> None:
        self._remove(or_(sessions.c.begun_at <= begun_before, sessions.c.seen_at <= seen_before))

    def _remove(self, which: ColumnElement[bool]) -> None:
        with transaction(self._engine, writes=True, raising=StoreUnavailable) as connection:
            connection.execute(sessions.delete().where(which))


def _is_as_it_was(connection: Connection, holder: Person | ApiKey) -> bool:
    """Read under a lock: a password that is set at this moment ends this session too."""
    if isinstance(holder, Person):
        own = and_(people.c.name == holder.name, people.c.login_hash == str(holder.login_hash))
        return connection.execute(select(people.c.name).where(own).with_for_update()).first() is not None
    live = and_(api_keys.c.id == holder.id, api_keys.c.revoked_at.is_(None))
    return connection.execute(select(api_keys.c.id).where(live).with_for_update()).first() is not None


def _actor(row: Row[Any]) -> Actor | None:
    if row.person_scope is not None:
        return Actor(name=f"person:{row.person}", scope=Scope(row.person_scope), project=row.person_project)
    if row.key_scope is not None:
        return Actor(name=f"key:{row.api_key}", scope=Scope(row.key_scope), project=row.key_project)
    return None
