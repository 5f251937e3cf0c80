"""What `waypost events stats` asks for: hits counted by reader, and readers by a dimension."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    Subquery,
    Table,
    Text,
    case,
    cast,
    func,
    literal,
    select,
)

from events.counting import Counts, Dimension, Statistics, merged, ranked
from events.model import HitKind
from events.ports import EventFilter
from events.verdicts import HitVerdict
from storage.event_filter import LINK, PERSON, conditions
from storage.event_tables import hits, links, messages, recipients

_DAY: Final = 86_400_000

_VALUES: Final[Mapping[Dimension | None, ColumnElement[Any]]] = {
    None: literal(""),
    Dimension.MESSAGE: hits.c.message,
    Dimension.LINK: func.coalesce(func.nullif(links.c.name, ""), hits.c.url),
    Dimension.TAG: func.coalesce(cast(messages.c.tags, Text), "[]"),  # all of them; few combinations are used
    Dimension.SENDER: func.coalesce(messages.c.sending_domain, ""),
    Dimension.DOMAIN: func.coalesce(messages.c.tracking_domain, ""),
    Dimension.DAY: hits.c.at // _DAY,
    Dimension.AGENT: hits.c.user_agent,
}
_JOINED: Final[Mapping[Dimension, Table]] = {
    Dimension.LINK: links,
    Dimension.TAG: messages,
    Dimension.SENDER: messages,
    Dimension.DOMAIN: messages,
}


def statistics(connection: Connection, by: Dimension | None, wanted: EventFilter) -> list[Statistics]:
    """Count as `events.ports.EventStore` says; the filter's limit is how many are returned."""
    counted = _counted(_by_reader(by, wanted))
    if by is Dimension.MESSAGE:  # the one with as many values as there are hits: the database chooses
        counted = counted.order_by(*(counted.selected_columns[name].desc() for name in _RANK))
        counted = counted.limit(wanted.limit)
    found = [_statistics(row) for row in connection.execute(counted)]
    return _in_order(by, _as_shown(by, found))[: wanted.limit]


_RANK: Final = ("click_readers", "open_readers", "click_all", "open_all")


def _by_reader(by: Dimension | None, wanted: EventFilter) -> Subquery:
    """One row for each reader of a value: what he did in all, and what of it was a person's doing."""
    reader = func.coalesce(hits.c.recipient, hits.c.address)
    human = func.sum(case((hits.c.verdict == HitVerdict.HUMAN, 1), else_=0))
    query = select(
        _VALUES[by].label("value"), hits.c.kind, func.count().label("hits"), human.label("human")
    ).select_from(_joined(by, wanted))
    query = query.where(*conditions(hits, wanted))
    if by is Dimension.LINK:
        query = query.where(hits.c.kind == HitKind.CLICK)
    return query.group_by("value", hits.c.kind, hits.c.message, reader).subquery()


def _joined(by: Dimension | None, wanted: EventFilter) -> FromClause:
    """Join no more than is asked about: each join costs as much as the count itself."""
    needed = {table for dimension, table in _JOINED.items() if dimension is by}
    if wanted.sending_domain is not None or wanted.tag is not None:
        needed.add(messages)
    if wanted.link is not None:
        needed.add(links)
    source: FromClause = hits
    if messages in needed:
        source = source.outerjoin(messages, messages.c.id == hits.c.message)
    if links in needed:
        source = source.outerjoin(links, LINK)
    return source if wanted.recipient is None else source.join(recipients, PERSON)


def _counted(readers: Subquery) -> Select[Any]:
    def total(kind: HitKind, value: Any, name: str) -> ColumnElement[Any]:
        return func.sum(case((readers.c.kind == kind, value), else_=0)).label(f"{kind.value}_{name}")

    person = case((readers.c.human > 0, 1), else_=0)
    columns = {"readers": person, "human": readers.c.human, "all_readers": 1, "all": readers.c.hits}
    totals = [total(kind, value, name) for kind in HitKind for name, value in columns.items()]
    return select(readers.c.value, *totals).group_by(readers.c.value)


def _statistics(row: Row[Any]) -> Statistics:
    def counts(kind: HitKind) -> Counts:
        names = ("readers", "human", "all_readers", "all")
        return Counts(**{name: int(getattr(row, f"{kind.value}_{name}")) for name in names})

    return Statistics(value=str(row.value), opens=counts(HitKind.OPEN), clicks=counts(HitKind.CLICK))


def _as_shown(by: Dimension | None, found: list[Statistics]) -> list[Statistics]:
    shown: dict[Dimension | None, Callable[[str], list[str]]] = {
        Dimension.TAG: lambda tags: sorted(set(json.loads(tags))) or [""],
        Dimension.DAY: lambda day: [f"{datetime.fromtimestamp(int(day) * _DAY / 1000, UTC):%Y-%m-%d}"],
    }
    return merged(found, shown[by]) if by in shown else found


def _in_order(by: Dimension | None, found: list[Statistics]) -> list[Statistics]:
    return sorted(found, key=lambda each: each.value) if by is Dimension.DAY else ranked(found)
