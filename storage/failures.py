"""What the drivers' errors mean, as one sentence that says what to do."""

from typing import Final

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

_LOCKED: Final = "The database {0} is locked by another program; try again when that has finished."
_READ_ONLY: Final = "The database {0} cannot be written; mend the permissions of the file and its folder."
_NO_TABLE: Final = "The database {0} has not the tables of this version; run `waypost db upgrade`."
_RESTARTING: Final = "The database {0} is being stopped or started; try again when it runs."

_UNREACHABLE: Final = "The database {0} cannot be reached: "
_UNKNOWN: Final = "The database {0} cannot be used: "

_SQLITE: Final = {
    "SQLITE_BUSY": _LOCKED,
    "SQLITE_LOCKED": _LOCKED,
    "SQLITE_CANTOPEN": "The database {0} is missing or cannot be opened; put it back, mend its permissions, "
    "or make a new one with `waypost db upgrade`.",
    "SQLITE_READONLY": _READ_ONLY,
    "SQLITE_PERM": _READ_ONLY,
    "SQLITE_FULL": "The disk that holds the database {0} is full; make room.",
    "SQLITE_IOERR": "The disk that holds the database {0} reports errors; look at the system log.",
    "SQLITE_CORRUPT": "The database {0} is damaged; put a backup in its place.",
    "SQLITE_NOTADB": "{0} is no SQLite database; check the URL, or put a backup in its place.",
}

# SQLSTATE codes [PostgreSQL, appendix A].
_POSTGRESQL: Final = {
    "25006": "The database {0} takes no changes, as a standby does; let database.url name the primary.",
    "40001": _LOCKED,
    "40P01": _LOCKED,
    "42501": "The user of the database {0} may not do this; grant the rights that docs/database.md lists.",
    "42703": _NO_TABLE,
    "42P01": _NO_TABLE,
    "53100": "The disk that holds the database {0} is full; make room.",
    "53300": "The database {0} has no connection left; raise its max_connections.",
    "55P03": _LOCKED,
    "57014": "The database {0} took too long to answer; see what else it is busy with.",
    "57P01": _RESTARTING,
    "57P02": _RESTARTING,
    "57P03": _RESTARTING,
}

GIVEN_UP: Final = frozenset({"40001", "40P01"})
"""PostgreSQL undid the transaction for another's sake (serialisation failure, deadlock): do it again."""


class DatabaseUnavailable(Exception):
    """The database cannot be opened, created or brought up to date. The message says what to do."""


class WrongDatabase(DatabaseUnavailable):
    """It is there, and is not what this version can use; waiting does not mend that."""


def shown(url: URL) -> str:
    """Return what names the database in a sentence: the file, or name and server. Never user or password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    host = url.host or url.query.get("host") or "this machine"
    server = host if isinstance(host, str) else ",".join(host)
    return f"{url.database} on {server}:{url.port}" if url.port else f"{url.database} on {server}"


def sentence(error: DBAPIError, database: str) -> str:
    """Return what the operator should know and do. Quotes the driver at most, never a statement's values."""
    return _template(error.orig).format(database)


def was_given_up(error: BaseException | None) -> bool:
    """Tell whether the same transaction may well succeed when it is repeated at once."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in GIVEN_UP


def _template(cause: BaseException | None) -> str:
    text = str(cause)
    if isinstance(cause, BaseException) and hasattr(cause, "sqlstate"):
        code: str | None = cause.sqlstate  # None where it never came to an answer of the server
        said = _UNREACHABLE if code is None else _UNKNOWN
        return _POSTGRESQL.get(code or "") or said + _escaped(_first_line(text))
    # Extended codes continue the primary one's name, such as SQLITE_BUSY_SNAPSHOT; what the sqlite3 module
    # itself objects to has no code.
    name = getattr(cause, "sqlite_errorname", "")
    for start, template in _SQLITE.items():
        if name.startswith(start):
            return template
    if text.startswith("no such table") or "no such column" in text or "has no column" in text:
        return _NO_TABLE
    return _UNKNOWN + _escaped(text)


def _first_line(text: str) -> str:
    """Leave out what PostgreSQL says below: DETAIL and CONTEXT may quote a row's values."""
    return next(iter(text.strip().splitlines()), "").rpartition("FATAL:")[2].strip()


def _escaped(text: str) -> str:
    return text.removesuffix(".").replace("{", "{{").replace("}", "}}") + "."
