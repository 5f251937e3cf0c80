"""Pages of lists. A cursor names the last item that was seen: additions and removals shift nothing."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from web.api.problems import FieldError, Problem

MOST = 200
_DIGITS = 18

Item = TypeVar("Item")
Shown = TypeVar("Shown")

Limit = Annotated[int, Query(ge=1, le=MOST, description="how many at most")]
Cursor = Annotated[str | None, Query(max_length=1024, description="`next` of the page before")]
Search = Annotated[str, Query(max_length=300, description="a part of the name")]


class Page(BaseModel, Generic[Shown]):
    """A part of a list."""

    data: list[Shown]
    next: str | None = Field(description="the `cursor` of the next page; null on the last one")


def page_read(
    read: Callable[[str, int], Sequence[Item]],
    *,
    key: Callable[[Item], str],
    show: Callable[[Item], Shown],
    cursor: str | None,
    limit: int,
) -> Page[Shown]:
    """Return a page of what is kept in the order of keys, none of them empty.

    `read` returns the items behind a key, "" for the first, and so many at most.
    """
    found = read("" if cursor is None else key_of(cursor), limit + 1)
    shown = found[:limit]
    more = len(found) > limit
    return Page(data=[show(item) for item in shown], next=cursor_of(key(shown[-1])) if more else None)


def page_of(
    items: Iterable[Item],
    *,
    key: Callable[[Item], str],
    show: Callable[[Item], Shown],
    cursor: str | None,
    limit: int,
) -> Page[Shown]:
    """Return the items of a short list behind the cursor, in the order of their keys, all different."""

    def read(behind: str, most: int) -> Sequence[Item]:
        return sorted((item for item in items if key(item) > behind), key=key)[:most]

    return page_read(read, key=key, show=show, cursor=cursor, limit=limit)


def cursor_of(key: str) -> str:
    """Return the cursor behind a key."""
    return urlsafe_b64encode(key.encode()).decode().rstrip("=")


def key_of(cursor: str) -> str:
    """Return the key again. Raises `Problem`."""
    try:
        return urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode()
    except (Error, UnicodeError):
        raise invalid_cursor() from None


def number_of(cursor: str | None) -> int | None:
    """Return the number that a cursor is. Raises `Problem`."""
    if cursor is None:
        return None
    if not is_number(cursor):
        raise invalid_cursor()
    return int(cursor)


def is_number(text: str) -> bool:
    """Tell whether these are the digits of a number that every database takes."""
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS


def invalid_cursor() -> Problem:
    """Return the refusal of what is no cursor."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid_cursor",
        "this is no cursor; take `next` of the page before, or leave it out",
        errors=[FieldError(pointer="cursor", detail="is no cursor")],
    )
