"""People in the database: `accounts.people.PersonStore`."""

from typing import Any

from sqlalchemy import Engine, Row, select
from sqlalchemy.exc import IntegrityError

from accounts.actors import Scope
from accounts.errors import NameTaken, NotFound, StoreUnavailable
from accounts.password_hash import LoginHash, parse_login_hash
from accounts.people import Person
from storage.engine import transaction
from storage.login_tables import people, sessions


class SqlPersonStore:
    """`accounts.people.PersonStore` on an engine of `storage.engine.open_engine`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def people(self) -> list[Person]:
        with transaction(self._engine, writes=False, raising=StoreUnavailable) as connection:
            return [person_of(row) for row in connection.execute(select(people).order_by(people.c.name))]

    def find(self, name: str) -> Person | None:
        wanted = select(people).where(people.c.name == name)
        with transaction(self._engine, writes=False, raising=StoreUnavailable) as connection:
            row = connection.execute(wanted).one_or_none()
            return None if row is None else person_of(row)

    def add(self, person: Person) -> None:
        added = people.insert().values(
            name=person.name,
            project=person.project,
            scope=person.scope,
            login_hash=str(person.login_hash),
            created_at=person.created_at,
        )
        known = select(people.c.name).where(people.c.name == person.name)
        with transaction(self._engine, writes=True, raising=StoreUnavailable) as connection:
            if connection.execute(known).first() is not None:
                raise NameTaken(f"somebody is called {person.name} already; choose another name")
            try:
                connection.execute(added)
            except IntegrityError:
                raise NotFound("the project was removed a moment ago; nobody was added") from None

    def set_login(self, name: str, login_hash: LoginHash) -> None:
        changed = people.update().where(people.c.name == name).values(login_hash=str(login_hash))
        with transaction(self._engine, writes=True, raising=StoreUnavailable) as connection:
            if not connection.execute(changed).rowcount:
                raise _gone(name)
            connection.execute(sessions.delete().where(sessions.c.person == name))

    def remove(self, name: str) -> None:
        with transaction(self._engine, writes=True, raising=StoreUnavailable) as connection:
            if not connection.execute(people.delete().where(people.c.name == name)).rowcount:
                raise _gone(name)


def person_of(row: Row[Any]) -> Person:
    """Return whom a row is of."""
    return Person(
        name=row.name,
        project=row.project,
        scope=Scope(row.scope),
        login_hash=parse_login_hash(row.login_hash),
        created_at=row.created_at,
    )


def _gone(name: str) -> NotFound:
    return NotFound(f"{name} was removed a moment ago; the list of people shows who there is")
