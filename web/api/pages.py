"""Pages of lists. A cursor names the last item that was seen: additions and removals shift nothing."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from web.api.problems import FieldError, Problem

MOST = 200

Item = TypeVar("Item")
Shown = TypeVar("Shown")

Limit = Annotated[int, Query(ge=1, le=MOST, description="how many at most")]
Cursor = Annotated[str | None, Query(max_length=1024, description="`next` of the page before")]


class Page(BaseModel, Generic[Shown]):
    """A part of a list."""

    data: list[Shown]
    next: str | None = Field(description="the `cursor` of the next page; null on the last one")


def page_of(
    items: Iterable[Item],
    *,
    key: Callable[[Item], str],
    show: Callable[[Item], Shown],
    cursor: str | None,
    limit: int,
) -> Page[Shown]:
    """Return the items behind the cursor in the order of their keys, which are all different."""
    last = None if cursor is None else key_of(cursor)
    behind = sorted((item for item in items if last is None or key(item) > last), key=key)
    shown = behind[:limit]
    more = len(behind) > limit
    return Page(data=[show(item) for item in shown], next=cursor_of(key(shown[-1])) if more else None)


def cursor_of(key: str) -> str:
    """Return the cursor behind a key."""
    return urlsafe_b64encode(key.encode()).decode().rstrip("=")


def key_of(cursor: str) -> str:
    """Return the key again. Raises `Problem`."""
    try:
        return urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode()
    except (Error, UnicodeError):
        raise invalid_cursor() from None


def invalid_cursor() -> Problem:
    """Return the refusal of what is no cursor."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid_cursor",
        "this is no cursor; take `next` of the page before, or leave it out",
        errors=[FieldError(pointer="cursor", detail="is no cursor")],
    )
