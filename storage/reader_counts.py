"""Hits by reader, and which of the readers come for the first time: what all numbers are made of.

A reader counts once, in the time of his first hit (for people: of the first that is human). So numbers of
times that follow each other add up, and a day can be summed without looking at those after it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Subquery,
    and_,
    case,
    func,
    literal_column,
    select,
)

from events.counting import Dimension
from events.model import HitKind
from events.ports import EventFilter
from events.verdicts import HitVerdict
from storage.event_filter import LINK, PERSON, conditions
from storage.event_tables import hits, links, messages, recipients
from storage.sum_tables import DAY

# Looked up for each hit by the index. A join may be planned to read the links of all messages there are.
_named: Final = links.alias("named")
_NAME: Final = (
    select(_named.c.name)
    .where(_named.c.message == hits.c.message, _named.c.number == hits.c.link)
    .correlate(hits)
    .scalar_subquery()
)

_VALUES: Final[Mapping[Dimension, ColumnElement[Any]]] = {
    Dimension.LINK: func.coalesce(func.nullif(_NAME, literal_column("''")), hits.c.url),
    Dimension.AGENT: hits.c.user_agent,
    Dimension.DAY: hits.c.at // literal_column(str(DAY), Integer),
}
"""Of a single hit. All others are of its message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From `start` up to and without `end`, in milliseconds; None is without bound."""

    start: int | None
    end: int | None


def readers(by: Dimension | None, wanted: EventFilter, window: Window) -> Subquery:
    """One row for each reader with hits in the window, and for each link, agent or day by which is counted.

    Columns: kind, project, message; value ("" unless by link, agent or day); hits, human (hits);
    new_reader, new_person (1 or 0). Times of the filter are not looked at.
    """
    within = _grouped(by, wanted, _times(window)).cte("within")
    own = within.c
    first, first_human = [own.hits > 0], [own.human > 0]
    source: FromClause = within
    if by is Dimension.DAY:  # his days are groups of their own, of which one is the first
        reader = [own[name] for name in _READER]
        first.append(own.first == func.min(own.first).over(partition_by=reader))
        first_human.append(own.first_human == func.min(own.first_human).over(partition_by=reader))
    if window.start is not None:
        before = _before(by, wanted, window.start, within)
        same = [own[column.name] == column for column in before.columns if column.name in (*_READER, "value")]
        source = within.outerjoin(before, and_(*same))
        first.append(before.c.message.is_(None))
        first_human.append(func.coalesce(before.c.human, 0) == 0)
    return (
        select(
            *(own.kind, own.project, own.message, own.hits, own.human),
            own.value if by in _VALUES else literal_column("''").label("value"),
            case((and_(*first), 1), else_=0).label("new_reader"),
            case((and_(*first_human), 1), else_=0).label("new_person"),
        )
        .select_from(source)
        .subquery("readers")
    )


_READER: Final = ("kind", "project", "message", "reader")


def _grouped(by: Dimension | None, wanted: EventFilter, times: list[ColumnElement[bool]]) -> Select[Any]:
    keys: dict[str, ColumnElement[Any]] = {
        "kind": hits.c.kind,
        "project": hits.c.project,
        "message": hits.c.message,
        "reader": func.coalesce(hits.c.recipient, hits.c.address),
    }
    if by is not None and by in _VALUES:
        keys["value"] = _VALUES[by]
    human = hits.c.verdict == HitVerdict.HUMAN
    return (
        select(
            *(key.label(name) for name, key in keys.items()),
            func.count().label("hits"),
            func.sum(case((human, 1), else_=0)).label("human"),
            func.min(hits.c.at).label("first"),
            func.min(case((human, hits.c.at))).label("first_human"),
        )
        .select_from(_joined(wanted))
        .where(*_conditions(by, wanted), *times)
        .group_by(*keys.values())
    )


def _before(by: Dimension | None, wanted: EventFilter, start: int, within: CTE) -> CTE:
    """What the same readers did before: found by the index on messages."""
    earlier = [hits.c.at < start, hits.c.message.in_(select(within.c.message))]
    return _grouped(None if by is Dimension.DAY else by, wanted, earlier).cte("before")


def _conditions(by: Dimension | None, wanted: EventFilter) -> list[ColumnElement[bool]]:
    found = [*conditions(hits, replace(wanted, after=None, before=None))]
    return [*found, hits.c.kind == HitKind.CLICK] if by is Dimension.LINK else found


def _times(window: Window) -> list[ColumnElement[bool]]:
    start = [] if window.start is None else [hits.c.at >= window.start]
    return start if window.end is None else [*start, hits.c.at < window.end]


def _joined(wanted: EventFilter) -> FromClause:
    """Join no more than is asked about: each join costs as much as the count itself."""
    source: FromClause = hits
    if wanted.sending_domain is not None or wanted.tag is not None:
        source = source.join(messages, messages.c.id == hits.c.message)
    if wanted.link is not None:
        source = source.outerjoin(links, LINK)
    return source if wanted.recipient is None else source.join(recipients, PERSON)
