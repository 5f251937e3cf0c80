"""The one `MetaData`, and the column types that both databases can keep."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import JSON, DateTime, Dialect, MetaData, Text
from sqlalchemy.types import TypeDecorator

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

INDEXED_CHARACTERS: Final = 600
"""PostgreSQL's B-tree refuses entries of more than 2,704 bytes; 600 characters are at most 2,400."""


def are_storable(texts: Iterable[str | None]) -> bool:
    """Tell whether `StoredText` keeps each of them as it is."""
    together = "".join(filter(None, texts))
    return together.isascii() and "\0" not in together


def storable(text: str) -> str:
    """Return the text as `StoredText` keeps it."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode("utf-8")


class StoredText(TypeDecorator[str]):
    """Text as it can be stored: NUL and lone surrogates, which databases refuse, as `\\x00` and `\\udc80`.

    An undecodable address or header would otherwise keep its record, and all records behind it, out for ever.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else storable(value)


class IndexedText(StoredText):
    """Stored text from outside that an index holds: cut at `INDEXED_CHARACTERS`, in queries too."""

    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        text = super().process_bind_param(value, dialect)
        return None if text is None else text[:INDEXED_CHARACTERS]


class StoredJson(TypeDecorator[Any]):
    """JSON with texts as `StoredText` keeps them: lone surrogates are JSON, and no UTF-8."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return _storable(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return _storable(value)


def _storable(value: Any) -> Any:
    if not value:
        return value
    match value:
        case str():
            return storable(value)
        case list() | tuple():
            return [_storable(each) for each in value]
        case Mapping():
            return {storable(name): _storable(each) for name, each in value.items()}
        case _:
            return value


class UtcDateTime(TypeDecorator[datetime]):
    """A time with a zone, kept as UTC; SQLite has no zones. Raises `ValueError` for a time without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
