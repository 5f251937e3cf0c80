"""Which days have sums that hold, and what changes a day."""

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import Connection, Integer, literal_column, select

from events.ports import EventFilter
from storage.dialects import insert
from storage.event_tables import hits, unjudged
from storage.sum_tables import DAY, Rollup, summed_days, unsummed

_MINUTES: Final = literal_column("1440", Integer)  # of a day
_DAY: Final = literal_column(str(DAY), Integer)

Days = tuple[int, int]
"""The first and the last of days that follow each other."""


def days_with_sums(connection: Connection, rollup: Rollup, wanted: EventFilter) -> list[Days]:
    """Return the whole days of the filter's time of which all is in the sums."""
    own = summed_days.c
    left_out = select(unsummed.c.day).where(unsummed.c.rollup == rollup)
    if wanted.project is not None:
        left_out = left_out.where(unsummed.c.project == wanted.project)
    query = select(own.day).where(
        own.summed == own.changed, own.day.not_in(unsettled()), own.day.not_in(left_out)
    )
    if wanted.after is not None:
        query = query.where(own.day >= -(-wanted.after // DAY))
    if wanted.before is not None:
        query = query.where(own.day < wanted.before // DAY)
    return _runs(connection.execute(query.order_by(own.day)).scalars())


def unsettled() -> Any:
    """Return the query for days with minutes that wait to be judged."""
    return select(unjudged.c.minute // _MINUTES)


def mark_days(connection: Connection, messages: Any, since: int) -> None:
    """Say that hits of these messages, from that time on, are new or are judged otherwise.

    Days after that are concerned as well: who was there before counts in none of them. `messages` is what SQL
    takes after IN.
    """
    concerned = select(hits.c.at // _DAY).where(hits.c.message.in_(messages), hits.c.at >= since).distinct()
    # In order, as all who do this lock the rows.
    _mark(connection, sorted(connection.execute(concerned).scalars()))


def _mark(connection: Connection, days: Collection[int]) -> None:
    if not days:
        return
    new = insert(connection.dialect, summed_days)
    again = new.on_conflict_do_update(
        index_elements=[summed_days.c.day], set_={"changed": summed_days.c.changed + 1}
    )
    connection.execute(again, [{"day": day, "changed": 1} for day in days])


def _runs(days: Any) -> list[Days]:
    found: list[Days] = []
    for day in days:
        if found and found[-1][1] == day - 1:
            found[-1] = found[-1][0], day
        else:
            found.append((day, day))
    return found
