"""What `waypost events stats` asks for: sums of the days that have them, and the hits of all other times."""

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
    Text,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
)

from events.counting import Counts, Dimension, Statistics, merged, ranked
from events.model import HitKind
from events.ports import EventFilter
from storage.event_filter import has_tag
from storage.event_tables import messages
from storage.metadata import storable
from storage.reader_counts import Window, readers
from storage.sum_tables import DAY, Rollup, sums
from storage.summed_days import Days, days_with_sums

EMPTY: Final[ColumnElement[str]] = literal_column("''")
SENDING_DOMAIN: Final = func.coalesce(messages.c.sending_domain, EMPTY)
TRACKING_DOMAIN: Final = func.coalesce(messages.c.tracking_domain, EMPTY)
TAGS: Final = func.coalesce(cast(messages.c.tags, Text), literal_column("'[]'"))
"""What a message says of its hits. All tags together: few combinations are used."""

_OF_MESSAGES: Final[Mapping[Dimension | None, ColumnElement[Any]]] = {
    Dimension.TAG: TAGS,
    Dimension.SENDER: SENDING_DOMAIN,
    Dimension.DOMAIN: TRACKING_DOMAIN,
}
_OF_SUMS: Final[Mapping[Dimension | None, ColumnElement[Any]]] = {
    Dimension.LINK: sums.c.value,
    Dimension.TAG: sums.c.tags,
    Dimension.SENDER: sums.c.sending_domain,
    Dimension.DOMAIN: sums.c.tracking_domain,
    Dimension.DAY: sums.c.day,
    Dimension.AGENT: sums.c.value,
}


def statistics(connection: Connection, by: Dimension | None, wanted: EventFilter) -> list[Statistics]:
    """Count as `events.ports.EventStore` says; the filter's limit is how many are returned."""
    rollup = _rollup(by, wanted)
    days = days_with_sums(connection, rollup, wanted) if rollup else []
    parts = [_summed(rollup, by, wanted, days)] if rollup and days else []
    parts += [_counted(by, wanted, window) for window in _rest(wanted, days)]
    if len(parts) == 1 and by not in _SHOWN:  # else no part knows which values come first in all
        parts = [_first(parts[0], wanted.limit)]
    found = [_statistics(row) for part in parts for row in connection.execute(part)]
    found = merged(found, _SHOWN.get(by, lambda value: [value]))
    in_order = sorted(found, key=lambda each: each.value) if by is Dimension.DAY else ranked(found)
    return in_order[: wanted.limit]


def _rollup(by: Dimension | None, wanted: EventFilter) -> Rollup | None:
    """Return the smallest sums that can answer; None where only the hits can."""
    unknown = (wanted.message, wanted.recipient, wanted.verdict, wanted.link, wanted.host)
    # The sums have "" for a message that is not known, too, which a filter does not mean.
    if any(each is not None for each in unknown) or by is Dimension.MESSAGE or wanted.sending_domain == "":
        return None
    if by is Dimension.AGENT:
        return Rollup.AGENTS if wanted.sending_domain is None and wanted.tag is None else None
    if by is Dimension.LINK:
        return Rollup.LINKS
    return Rollup.TAGS if by is Dimension.TAG or wanted.tag is not None else Rollup.DOMAINS


def _rest(wanted: EventFilter, days: list[Days]) -> list[Window]:
    """Return the times between, before and after the days."""
    bounds = [wanted.after]
    for first, last in days:
        bounds += [first * DAY, (last + 1) * DAY]
    bounds.append(wanted.before)
    pairs = zip(bounds[::2], bounds[1::2], strict=True)
    return [Window(start=start, end=end) for start, end in pairs if start is None or start != end]


def _summed(rollup: Rollup, by: Dimension | None, wanted: EventFilter, days: list[Days]) -> Select[Any]:
    own = sums.c
    conditions = [own.rollup == rollup, or_(*(own.day.between(*each) for each in days))]
    same = {own.project: wanted.project, own.kind: wanted.kind, own.sending_domain: wanted.sending_domain}
    conditions += [column == value for column, value in same.items() if value is not None]
    if wanted.tag is not None:
        conditions.append(has_tag(own.tags, wanted.tag))
    value = _OF_SUMS.get(by, EMPTY)
    numbers = (own.new_people, own.human, own.new_readers, own.hits)
    return _by_value(value, sums, own.kind, numbers).where(*conditions)


def _counted(by: Dimension | None, wanted: EventFilter, window: Window) -> Select[Any]:
    found = readers(by, wanted, window)
    source: FromClause = found
    if by in _OF_MESSAGES:
        source = found.outerjoin(messages, messages.c.id == found.c.message)
    value = found.c.message if by is Dimension.MESSAGE else _OF_MESSAGES.get(by, found.c.value)
    numbers = (found.c.new_person, found.c.human, found.c.new_reader, found.c.hits)
    return _by_value(value, source, found.c.kind, numbers)


_NAMES: Final = ("readers", "human", "all_readers", "all")


def _by_value(
    value: ColumnElement[Any], source: FromClause, kind: ColumnElement[str], numbers: tuple[Any, ...]
) -> Select[Any]:
    totals = [
        func.sum(case((kind == each, number), else_=0)).label(f"{each.value}_{name}")
        for each in HitKind
        for name, number in zip(_NAMES, numbers, strict=True)
    ]
    query = select(value.label("value"), *totals).select_from(source)
    return query.having(func.count() > 0) if value is EMPTY else query.group_by(value)


def _first(query: Select[Any], limit: int) -> Select[Any]:
    """As `ranked` has them."""
    own = query.selected_columns
    seen = own.click_all + own.open_all
    order = (own.click_readers.desc(), own.open_readers.desc(), seen.desc(), own.value)
    return query.order_by(*order).limit(limit)


def _statistics(row: Row[Any]) -> Statistics:
    def counts(kind: HitKind) -> Counts:
        return Counts(**{name: int(getattr(row, f"{kind.value}_{name}")) for name in _NAMES})

    return Statistics(value=str(row.value), opens=counts(HitKind.OPEN), clicks=counts(HitKind.CLICK))


_SHOWN: Final[Mapping[Dimension | None, Callable[[str], list[str]]]] = {
    # Of older rows, which `StoredJson` has not bound, it may have what is no text.
    Dimension.TAG: lambda tags: sorted(set(map(storable, json.loads(tags)))) or [""],
    Dimension.DAY: lambda day: [f"{datetime.fromtimestamp(int(day) * DAY / 1000, UTC):%Y-%m-%d}"],
}
