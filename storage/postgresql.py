"""PostgreSQL through psycopg 3: a few connections that stay open, and bounds on whatever could wait."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, select, text
from sqlalchemy.pool import ConnectionPoolEntry

from storage.failures import DatabaseUnavailable

STATEMENT_TIMEOUT: Final = 30.0
"""Seconds; no statement but a migration's takes nearly so long."""

_IDLE_TIMEOUT: Final = 60.0
"""Seconds after which the server ends a transaction whose process was stopped in the middle of it."""

# A server that vanished without a word is known after some 30 seconds, not the kernel's quarter of an hour.
_NETWORK: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "application_name": "waypost",
}

# What an index leads to costs hardly more than what is read in turn. By its default, which is of disks that
# turn, the server rather reads all messages there are than those of a day's hits by their ids.
_SOLID_STATE: Final = "-c random_page_cost=1.1"

_KEPT: Final = 3
"""Connections that stay open where nobody asks for more."""

_UPGRADES: Final = 0x77617970  # "wayp": the advisory lock that lets one migration run at a time


def open_engine(url: URL, *, lock_timeout: float, kept: int) -> Engine:
    """Return an engine; nothing is opened yet. Raises `DatabaseUnavailable` where it names no database."""
    if url.drivername != "postgresql" or not url.database:
        raise DatabaseUnavailable(
            "The database URL names no PostgreSQL database; write postgresql://USER@HOST/NAME."
        )
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={
            **{name: value for name, value in _NETWORK.items() if name not in url.query},
            "options": _session(url, lock_timeout),
        },
        pool_pre_ping=True,  # a connection that a restart of the server or a firewall cut is replaced
        pool_size=kept or _KEPT,
        max_overflow=-1,  # the threads that ask are few, and bounded; waiting for one another gains nothing
        pool_recycle=3600,
        hide_parameters=True,  # they hold addresses, and errors end up in logs
    )
    event.listen(engine, "connect", _require_utf8)
    return engine


def turn(engine: Engine, *, writes: bool) -> AbstractContextManager[None]:
    """Nothing: the server has writers queue, row by row."""
    return nullcontext()


def options(*, writes: bool) -> dict[str, Any]:
    """Return the execution options of a transaction. A reader sees one state of all, as with SQLite."""
    return {} if writes else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def let_go(engine: Engine) -> None:
    """Nothing: the server is not kept from anything."""


def create(url: URL) -> None:
    """Nothing: its administrator makes the database. docs/database.md says how."""


def begin_upgrade(connection: Connection) -> None:
    """Let one migration run at a time, however many machines start at once, and for as long as it takes."""
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SET LOCAL lock_timeout = 0"))
    connection.execute(select(func.pg_advisory_xact_lock(_UPGRADES)))


def wipe(engine: Engine) -> bool:
    """Nothing: the server's VACUUM, which runs by itself, gives the space of deleted rows to others."""
    return True


def _session(url: URL, lock_timeout: float) -> str:
    """Return the server's settings for our sessions; what the URL says itself comes last and wins."""
    seconds = {
        "statement_timeout": STATEMENT_TIMEOUT,
        "lock_timeout": lock_timeout,
        "idle_in_transaction_session_timeout": _IDLE_TIMEOUT,
    }
    bounds = [f"-c {name}={max(1, round(value * 1000))}" for name, value in seconds.items()]
    return " ".join([*bounds, _SOLID_STATE, "-c TimeZone=UTC", str(url.query.get("options", ""))]).strip()


def _require_utf8(connection: Any, _: ConnectionPoolEntry) -> None:
    """Refuse a database of another encoding: a record that it cannot hold would keep all behind it out."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        name = connection.info.dbname
        connection.close()
        raise DatabaseUnavailable(f"The database {name} has the encoding {encoding}; make it anew with UTF8.")
