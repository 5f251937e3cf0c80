"""Being told of changes: PostgreSQL says at once that a version grew (LISTEN, NOTIFY); SQLite cannot.

No trigger: whoever raises a version tells of it in the same transaction, so that the server passes it on once
the change can be read, and never where it was undone. A notification that gets lost with its connection costs
nothing but time: versions are read now and then all the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, cast

import psycopg
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError

from storage.failures import DatabaseUnavailable, sentence, shown

CHANNEL: Final = "waypost_changes"


def tell(connection: Connection, name: str) -> None:
    """Tell who listens, once the transaction is committed, that this version grew."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_notify(CHANNEL, name)))


class Notifications:
    """A connection that stays open to listen. Its socket becomes readable when there is something to hear.

    Not safe to use from several threads at once.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: psycopg.Connection[Any] | None = None

    @property
    def possible(self) -> bool:
        """Whether the database tells of changes at all."""
        return self._engine.dialect.name == "postgresql"

    @property
    def descriptor(self) -> int | None:
        """The socket; None while nobody listens."""
        return None if self._connection is None else self._connection.fileno()

    def listen(self) -> None:
        """Begin to listen. Blocks, for seconds where no server answers. Raises DatabaseUnavailable."""
        try:
            pooled = self._engine.raw_connection()
            connection = cast("psycopg.Connection[Any]", pooled.driver_connection)
            pooled.detach()  # it is ours from here on, and the pool has its place back
            with _closed_on_failure(connection):
                connection.autocommit = True
                connection.execute(f"LISTEN {CHANNEL}")
        except psycopg.Error as error:
            wrapped = DBAPIError("LISTEN", None, error)
            raise DatabaseUnavailable(sentence(wrapped, shown(self._engine.url))) from error
        self._connection = connection

    def hear(self) -> bool:
        """Take in what has come, without waiting. Return whether the connection stands, as far as is known.

        Which version it was does not matter: reading all of them is a query each.
        """
        if self._connection is None:
            return False
        server = self._connection.pgconn
        try:
            server.consume_input()
            while server.notifies() is not None:
                pass
        except psycopg.Error:
            self.close()
            return False
        return True

    def close(self) -> None:
        """Listen no more."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextmanager
def _closed_on_failure(connection: psycopg.Connection[Any]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise
