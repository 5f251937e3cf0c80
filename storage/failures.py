"""What the driver's errors mean, as one sentence that says what to do."""

from typing import Final

from sqlalchemy.exc import DBAPIError

_LOCKED: Final = "The database {0} is locked by another program; try again when that has finished."
_READ_ONLY: Final = "The database {0} cannot be written; mend the permissions of the file and its folder."
_NO_TABLE: Final = "The database {0} has not the tables of this version; run `waypost db upgrade`."
_BY_CODE: Final = {
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


def sentence(error: DBAPIError, database: str) -> str:
    """Return what the operator should know and do. Quotes the driver at most, never a statement's values."""
    return _template(error.orig).format(database)


def _template(cause: BaseException | None) -> str:
    # Extended codes continue the primary one's name, such as SQLITE_BUSY_SNAPSHOT; what the sqlite3 module
    # itself objects to has no code.
    name = getattr(cause, "sqlite_errorname", "")
    for code, template in _BY_CODE.items():
        if name.startswith(code):
            return template
    text = str(cause)
    if text.startswith("no such table") or "no such column" in text or "has no column" in text:
        return _NO_TABLE
    return "The database {0} cannot be used: " + text.replace("{", "{{").replace("}", "}}") + "."
