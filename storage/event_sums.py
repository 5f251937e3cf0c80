"""Summing days: `events.ports.SummingStore`.

A day is counted in a transaction that reads, and its sums are written in another: nobody waits for the count,
which would keep all writers of SQLite waiting. They are few rows; a rollup that would be many is left out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    text,
    update,
)

from events.counting import Dimension
from events.ports import EventFilter, StoreUnavailable
from storage.bulk_insert import Row, insert_new
from storage.engine import repeatedly, transaction
from storage.event_statistics import EMPTY, SENDING_DOMAIN, TAGS, TRACKING_DOMAIN
from storage.event_tables import messages
from storage.reader_counts import Window, readers
from storage.sum_tables import DAY, Rollup, summed_days, sums, unsummed
from storage.summed_days import unsettled

SETTLING: Final = 5 * 60_000
"""Milliseconds after a day's end in which what comes a little late does not have it summed twice."""

FEW: Final = 1_000
SHARE: Final = 10
"""A project's rollup of a day has at most `FEW` rows, or one for so many hits."""

_PROJECT: Final = 2  # the place of that column in both tables
_EVERYTHING: Final = EventFilter()
_PATIENCE: Final = "SET LOCAL statement_timeout = '10min'"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Day:
    day: int
    changed: int
    sums: list[Row]
    unsummed: list[Row]


class SqlSummingStore:
    """`events.ports.SummingStore` on an engine of `storage.engine.open_engine`."""

    def __init__(self, engine: Engine, *, few: int = FEW) -> None:
        self._engine = engine
        self._few = few

    def sum_newest(self, now: int, gone: Callable[[int], int]) -> bool:
        with transaction(self._engine, writes=False, raising=StoreUnavailable) as connection:
            waiting = connection.execute(_waiting(now)).first()
            counted = (
                None if waiting is None else _counted(connection, waiting.day, waiting.changed, self._few)
            )
        if counted is None:
            return False
        start = counted.day * DAY
        repeatedly(
            self._engine,
            partial(_write, counted, lambda project: gone(project) <= start),
            raising=StoreUnavailable,
        )
        return True


def _waiting(now: int) -> Select[Any]:
    own = summed_days.c
    return (
        select(own.day, own.changed)
        .where(or_(own.summed.is_(None), own.summed != own.changed))
        .where(own.day < (now - SETTLING) // DAY, own.day.not_in(unsettled()))
        .order_by(own.day.desc())
        .limit(1)
    )


def _counted(connection: Connection, day: int, changed: int, few: int) -> _Day:
    if connection.dialect.name == "postgresql":
        connection.execute(text(_PATIENCE))
    found = _Day(day=day, changed=changed, sums=[], unsummed=[])
    for rollup in Rollup:
        for *row, fits in connection.execute(_rows(rollup, day, few)):
            if fits:
                found.sums.append(tuple(row))
            else:
                found.unsummed.append(tuple(row[:3]))
    return found


def _rows(rollup: Rollup, day: int, few: int) -> Select[Any]:
    """Return the query for rows of `sums`, and whether they fit; of those of a project that do not, one."""
    counted = _by_dimensions(rollup, day).subquery()
    own = counted.c
    rows, of = (each.over(partition_by=own.project) for each in (func.count(), func.sum(own.hits)))
    number = func.row_number().over(partition_by=own.project)
    fits = case((or_(rows <= few, rows * SHARE <= of), 1), else_=0)
    sized = select(*own, fits.label("fits"), number.label("number")).subquery()
    found = [column for column in sized.c if column is not sized.c.number]
    return select(*found).where(or_(sized.c.fits == 1, sized.c.number == 1))


def _by_dimensions(rollup: Rollup, day: int) -> Select[Any]:
    by = {Rollup.LINKS: Dimension.LINK, Rollup.AGENTS: Dimension.AGENT}.get(rollup)
    found = readers(by, _EVERYTHING, Window(start=day * DAY, end=(day + 1) * DAY))
    by_domain = rollup is not Rollup.AGENTS
    dimensions: dict[str, ColumnElement[Any]] = {
        "project": found.c.project,
        "kind": found.c.kind,
        "sending_domain": SENDING_DOMAIN if by_domain else EMPTY,
        "tracking_domain": TRACKING_DOMAIN if by_domain else EMPTY,
        "tags": TAGS if rollup in (Rollup.TAGS, Rollup.LINKS) else EMPTY,
        "value": found.c.value,
    }
    own = found.c
    totals = [func.sum(each) for each in (own.new_person, own.human, own.new_reader, own.hits)]
    names = ("new_people", "human", "new_readers", "hits")
    return (
        select(
            literal(rollup.value).label("rollup"),
            literal(day).label("day"),
            *(each.label(name) for name, each in dimensions.items()),
            *(total.label(name) for name, total in zip(names, totals, strict=True)),
        )
        .select_from(found.outerjoin(messages, messages.c.id == own.message) if by_domain else found)
        .group_by(*(each for each in dimensions.values() if each is not EMPTY))
    )


def _write(counted: _Day, is_whole: Callable[[int], bool], connection: Connection) -> None:
    """Replace the sums of the day. If it has changed meanwhile they do not hold, and it is summed again.

    A project of which the day is not whole any more keeps the sums that it has.
    """
    # First of all: two that sum the same day come one after the other.
    this = summed_days.c.day == counted.day
    connection.execute(update(summed_days).where(this).values(summed=counted.changed))
    for table, rows in ((sums, counted.sums), (unsummed, counted.unsummed)):
        there = select(table.c.project).where(table.c.day == counted.day).distinct()
        replaced = [project for project in connection.execute(there).scalars() if is_whole(project)]
        connection.execute(delete(table).where(table.c.day == counted.day, table.c.project.in_(replaced)))
        if new := [row for row in rows if is_whole(row[_PROJECT])]:
            insert_new(connection, table, new)
