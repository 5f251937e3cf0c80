"""Lists of domains, of parts of their history, and their numbers."""

from collections.abc import Collection, Iterator
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    func,
    literal,
    literal_column,
    select,
)

from domains.evidence import Evidence
from domains.evidence_format import from_json
from domains.listing import SenderCounts, SendingFilter, StateCounts, TrackingFilter
from domains.model import SendingDomain, State
from storage.domain_rows import TRACKING_COLUMNS, select_senders, sending_domain
from storage.domain_tables import domain_history, sending_domains, tracking_domains

_AT_ONCE: Final = 500
"""Names in a statement: SQLite takes 32,766 values, and each number of them is a statement to prepare."""

_DEFAULT: Final[ColumnElement[bool]] = literal_column("tracking_domains.is_default")
"""As the partial index says it: SQLite does not see that `is_default = 1` is the same."""


def select_tracking(wanted: TrackingFilter) -> Select[Any]:
    """Select `TRACKING_COLUMNS`, by name."""
    own = tracking_domains.c
    conditions: list[ColumnElement[bool]] = []
    if wanted.project is not None:
        conditions.append(own.project == wanted.project)
    if wanted.state is not None:
        conditions.append(own.state == wanted.state)
    if not wanted.retired:
        conditions.append(own.state != State.RETIRED)
    if wanted.default:
        conditions.append(_DEFAULT)
    if wanted.search:
        conditions.append(own.name.contains(wanted.search, autoescape=True))
    if wanted.behind:
        conditions.append(own.name > wanted.behind)
    return select(*TRACKING_COLUMNS).where(*conditions).order_by(own.name).limit(wanted.limit)


def select_sending(wanted: SendingFilter) -> Select[Any]:
    """Select as `select_senders` does, by name."""
    own = sending_domains.c
    conditions: list[ColumnElement[bool]] = []
    if wanted.project is not None:
        conditions.append(own.project == wanted.project)
    if wanted.search:
        conditions.append(own.name.contains(wanted.search, autoescape=True))
    if wanted.behind:
        conditions.append(own.name > wanted.behind)
    return select_senders().where(*conditions).order_by(own.name).limit(wanted.limit)


def select_history(
    project: int, name: str, *, newest: bool, beyond: int | None, limit: int | None
) -> Select[Any]:
    """Select a part of the history of a project's name."""
    own = domain_history.c
    selected = select(domain_history).where(own.project == project, own.domain == name).limit(limit)
    if beyond is not None:
        place = literal(beyond, BigInteger)
        selected = selected.where(own.id < place if newest else own.id > place)
    return selected.order_by(own.id.desc() if newest else own.id)


def count_tracking(connection: Connection, project: int) -> StateCounts:
    """Return how many of a project are in each state."""
    own = tracking_domains.c
    counted = select(own.state, func.count()).where(own.project == project).group_by(own.state)
    return dict.fromkeys(State, 0) | {State(state): number for state, number in connection.execute(counted)}


def count_sending(connection: Connection, project: int) -> SenderCounts:
    """Return how many a project has."""
    own = sending_domains.c
    counted = select(func.count(), func.count(own.verified_at)).where(own.project == project)
    total, verified = connection.execute(counted).one()
    return SenderCounts(all=total, verified=verified)


def find_senders(connection: Connection, names: Collection[str]) -> list[SendingDomain]:
    """Return those of the names that there are."""
    return [
        sending_domain(row)
        for part in _parts(names)
        for row in connection.execute(select_senders().where(sending_domains.c.name.in_(part)))
    ]


def senders_of(connection: Connection, tracking_domain: str) -> tuple[str, ...]:
    """Return the names of those linked to a tracking domain, in order."""
    linked = sending_domains.join(tracking_domains)
    named = select(sending_domains.c.name).select_from(linked)
    found = named.where(tracking_domains.c.name == tracking_domain).order_by(sending_domains.c.name)
    return tuple(connection.execute(found).scalars())


def evidence_of(connection: Connection, names: Collection[str]) -> dict[str, Evidence]:
    """Return what the last check of each tracking domain saw."""
    own = tracking_domains.c
    wanted = select(own.name, own.evidence).where(own.evidence.is_not(None))
    return {
        name: from_json(row)
        for part in _parts(names)
        for name, row in connection.execute(wanted.where(own.name.in_(part)))
    }


def _parts(names: Collection[str]) -> Iterator[list[str]]:
    asked = sorted(names)
    return (asked[start : start + _AT_ONCE] for start in range(0, len(asked), _AT_ONCE))
