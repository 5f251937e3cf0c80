"""Judging stored hits by what surrounds them: `events.ports.JudgingStore`.

Read in one transaction, judged, written in another: no lock is held while Python thinks. What arrives in
between leaves marks of its own, and is judged then.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, bindparam, delete, func, select, tuple_, update

from events.model import WITHHELD, Hit, HitKind, Outcome, Record, Verdict
from events.ports import Rejudged, StoreUnavailable
from events.verdicts import Judgement, Relayed, judge, judged
from events.verdicts.thresholds import DEFAULT
from storage.engine import repeatedly, transaction
from storage.event_tables import hits, messages, outcomes, unjudged
from storage.summed_days import mark_days

MINUTE: Final = 60_000  # milliseconds
CHUNK: Final = 5_000
"""Hits that are judged at a time; those of a window before and after them come on top."""

_FIELDS: Final = [column for column in hits.columns if column.name in Hit.__dataclass_fields__]
_STORED: Final = (hits.c.verdict, hits.c.reasons, hits.c.rules)
_NAMES: Final = tuple(column.name for column in _FIELDS)
_AS_IT_CAME: Final = attrgetter(*_NAMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunk:
    """Hits from `first` up to and without `end`, and those around them."""

    first: int
    end: int
    rows: Sequence[Any]  # of `_FIELDS` and `_STORED`
    relayed: dict[str, Relayed]


class SqlJudgingStore:
    """`events.ports.JudgingStore` on an engine of `storage.engine.open_engine`."""

    def __init__(self, engine: Engine, *, chunk: int = CHUNK) -> None:
        self._engine = engine
        self._chunk = chunk

    def judge_oldest(self, now: int) -> bool:
        settled = (now - DEFAULT.window) // MINUTE  # the minute before it has ended, and its surroundings
        with transaction(self._engine, writes=False, raising=StoreUnavailable) as connection:
            oldest = select(func.min(unjudged.c.minute)).scalar_subquery()
            news = select(unjudged).where(unjudged.c.minute == oldest, unjudged.c.minute < settled)
            seen = [tuple(row) for row in connection.execute(news)]
        if not seen:
            return False
        first = seen[0][0] * MINUTE
        for _ in self.rejudge(first - DEFAULT.window, first + MINUTE + DEFAULT.window):
            pass
        repeatedly(self._engine, partial(_forget, seen), raising=StoreUnavailable)
        return True

    def rejudge(self, since: int, until: int) -> Iterator[Rejudged]:
        cursor, changed, looked_at = since, 0, 0
        while cursor < until:
            with transaction(self._engine, writes=False, raising=StoreUnavailable) as connection:
                chunk = _read(connection, cursor, until, self._chunk)
            changes = _changes(chunk)
            if changes:
                repeatedly(self._engine, partial(_write, changes), raising=StoreUnavailable)
            cursor, changed = chunk.end, changed + len(changes)
            looked_at += sum(chunk.first <= row.at < chunk.end for row in chunk.rows)
            yield Rejudged(reached=cursor, hits=looked_at, changed=changed)

    def span(self) -> tuple[int, int] | None:
        with transaction(self._engine, writes=False, raising=StoreUnavailable) as connection:
            first = connection.execute(select(func.min(hits.c.at))).scalar_one()
            last = connection.execute(select(func.max(hits.c.at))).scalar_one()
        return None if first is None else (first, last + 1)


def marks(records: Iterable[Record]) -> list[tuple[int, str]]:
    """Return the rows of `unjudged` that a batch leaves. Outcomes count: they tell when mail was relayed."""
    news: dict[int, str] = {}
    for record in records:
        if isinstance(record, Hit | Outcome):
            news.setdefault(record.at // MINUTE, record.id)
    return list(news.items())


def _read(connection: Connection, first: int, until: int, count: int) -> _Chunk:
    further = select(hits.c.at).where(hits.c.at >= first, hits.c.at < until).order_by(hits.c.at, hits.c.id)
    beyond = connection.execute(further.offset(count).limit(1)).scalar_one_or_none()
    end = until if beyond is None else max(beyond, first + 1)
    near = hits.c.at.between(first - DEFAULT.window, end + DEFAULT.window)
    rows = connection.execute(select(*_FIELDS, *_STORED).where(near).order_by(hits.c.at)).all()
    return _Chunk(first=first, end=end, rows=rows, relayed=_relayed(connection, near) if rows else {})


def _relayed(connection: Connection, near: Any) -> dict[str, Relayed]:
    wanted = select(hits.c.message).where(near)
    taken = select(outcomes.c.message, func.min(outcomes.c.at)).where(
        outcomes.c.message.in_(wanted), outcomes.c.verdict != Verdict.REFUSED
    )
    tracked = select(messages.c.id, messages.c.link_count).where(messages.c.id.in_(wanted))
    at = {row[0]: row[1] for row in connection.execute(taken.group_by(outcomes.c.message))}
    links = {row[0]: row[1] for row in connection.execute(tracked)}
    return {each: Relayed(at=at.get(each), links=links.get(each, 0)) for each in at.keys() | links.keys()}


def _changes(chunk: _Chunk) -> list[dict[str, Any]]:
    """Return what is to be written, in the order in which all writers lock the rows."""
    stored = {row.id: (row.verdict, row.reasons, row.rules) for row in chunk.rows}
    unknown = Relayed()
    found = judged(map(_hit, chunk.rows), lambda hit: chunk.relayed.get(hit.message, unknown))
    changes = [
        {
            "this": hit.id,
            "then": hit.at,
            "of": hit.message,
            **dict(zip(("verdict", "reasons", "rules"), new, strict=True)),
        }
        for hit, judgement in found
        if chunk.first <= hit.at < chunk.end
        and hit.user_agent != WITHHELD  # its first verdict stays: what it was judged by is gone
        and (new := _stored_form(judgement)) != stored[hit.id]
    ]
    return sorted(changes, key=lambda change: str(change["this"]))


def hit_row(hit: Hit) -> tuple[Any, ...]:
    """Return a row of `hits`, with the verdict that the hit gets by itself; its surroundings come later."""
    return *_AS_IT_CAME(hit), *_stored_form(judge(hit))


def _stored_form(judgement: Judgement) -> tuple[str, str, int]:
    """Return the values of the columns verdict, reasons and rules."""
    return judgement.verdict.value, ",".join(judgement.reasons), judgement.rules


def _hit(row: Row[Any]) -> Hit:
    values = dict(zip(_NAMES, _AS_IT_CAME(row), strict=True))
    return Hit(**values | {"kind": HitKind(row.kind)})


def _write(changes: list[dict[str, Any]], connection: Connection) -> None:
    this = (hits.c.id == bindparam("this"), hits.c.at == bindparam("then"))
    columns: dict[str, Any] = {name: bindparam(name) for name in ("verdict", "reasons", "rules")}
    connection.execute(update(hits).where(*this).values(columns), changes)
    mark_days(connection, {change["of"] for change in changes}, min(change["then"] for change in changes))


def _forget(seen: Sequence[tuple[Any, ...]], connection: Connection) -> None:
    """Take away the marks of a minute. What they told of changes the sums of its day and of later ones."""
    start = seen[0][0] * MINUTE
    news = select(hits.c.message).where(hits.c.at >= start, hits.c.at < start + MINUTE)
    mark_days(connection, news, start)
    connection.execute(delete(unjudged).where(tuple_(unjudged.c.minute, unjudged.c.hit).in_(seen)))
