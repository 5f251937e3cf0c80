"""The conditions of an `EventFilter`, for queries over hits or outcomes."""

import json
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Table,
    Text,
    and_,
    cast,
    exists,
    literal,
    or_,
    select,
    union_all,
)

from events.model import HitKind, Verdict
from events.ports import EventFilter
from storage.dialects import unsought
from storage.event_tables import hits, links, messages, outcomes, recipients

PERSON: Final = and_(recipients.c.message == hits.c.message, recipients.c.reference == hits.c.recipient)
LINK: Final = and_(links.c.message == hits.c.message, links.c.number == hits.c.link)
"""How a hit's recipient and link are joined; and a message, always: `messages.id == hits.message`."""

_KINDS: Final = {hits: {*HitKind}, outcomes: {*Verdict}}


def concerns(table: Table, wanted: EventFilter) -> bool:
    """Tell whether anything of the table can be wanted: outcomes have neither verdict nor link nor host."""
    of_hits = any(each is not None for each in (wanted.verdict, wanted.link, wanted.host))
    return (wanted.kind is None or wanted.kind in _KINDS[table]) and (table is hits or not of_hits)


def conditions(table: Table, wanted: EventFilter) -> Iterator[ColumnElement[bool]]:
    """Yield what a row must fulfil. Messages, recipients and links are joined where they are asked about."""
    own = table.c
    if wanted.message is not None:
        yield own.message.in_(_messages(wanted.message))
    if wanted.sending_domain is not None:
        yield messages.c.sending_domain == wanted.sending_domain
    if wanted.tag is not None:
        yield has_tag(cast(messages.c.tags, Text), wanted.tag)
    if wanted.project is not None:
        # A hit knows its project itself, before the record of its message has arrived. For outcomes SQLite
        # would read all messages of the project, where it had better go along the index on time.
        yield (own.project if table is hits else unsought(messages.c.project)) == wanted.project
    if wanted.after is not None:
        yield own.at >= wanted.after
    if wanted.before is not None:
        yield own.at < wanted.before
    yield from _of_hits(wanted) if table is hits else _of_outcomes(wanted)


def has_tag(tags: ColumnElement[str], tag: str) -> ColumnElement[bool]:
    """Look for it as JSON writes it, quotes included: one that ends like it has another character before."""
    return tags.contains(json.dumps(tag), autoescape=True)


def _messages(name: str) -> CompoundSelect[Any]:
    """Return the ids that a name stands for. One set of ids, since PostgreSQL reads all rows for an OR."""
    bare = name.removeprefix("<").removesuffix(">")
    with_header = select(messages.c.id).where(messages.c.message_id.in_([bare, f"<{bare}>"]))
    return union_all(select(literal(name, messages.c.id.type)), with_header)


def _of_hits(wanted: EventFilter) -> Iterator[ColumnElement[bool]]:
    same = {hits.c.kind: wanted.kind, hits.c.verdict: wanted.verdict, hits.c.host: wanted.host}
    yield from (column == value for column, value in same.items() if value is not None)
    if wanted.recipient is not None:
        yield recipients.c.address == wanted.recipient
    if wanted.link is not None:
        yield or_(links.c.name == wanted.link, hits.c.url == wanted.link)


def _of_outcomes(wanted: EventFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.kind is not None:
        yield outcomes.c.verdict == wanted.kind
    if wanted.recipient is not None:
        to: Any = recipients.alias("to")
        yield exists().where(to.c.message == outcomes.c.message, to.c.address == wanted.recipient)
