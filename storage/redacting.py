"""Takes addresses of people out of the rows of messages: texts, links, outcomes, clicks on links, sums."""

from collections.abc import Collection, Container, Mapping
from typing import Any, Final

from sqlalchemy import Connection, Row, Table, select, update

from events.redaction import Redaction, redaction
from storage.event_tables import hits, links, messages, outcomes
from storage.sum_tables import DAY, Rollup, sums

Addresses = Mapping[str, Collection[str]]
"""By message: those to take out."""

_OF_MESSAGES: Final = ("sender", "message_id", "tags")
_OF_LINKS: Final = ("url", "name", "tags")


def redact_messages(connection: Connection, addresses: Addresses, *, metadata_of: Container[str]) -> None:
    """Take them out of all that is stored of these messages; of those in `metadata_of` all metadata goes."""
    clean = {message: redaction(each) for message, each in addresses.items()}
    for row in connection.execute(select(messages).where(messages.c.id.in_(clean))):
        changed = _redacted(row, _OF_MESSAGES, clean[row.id])
        changed |= _metadata(row, clean[row.id], whole=row.id in metadata_of)
        _update(connection, messages, {"id": row.id}, changed)
    for row in connection.execute(select(outcomes).where(outcomes.c.message.in_(clean))):
        _update(connection, outcomes, {"id": row.id}, _redacted(row, ("reply",), clean[row.message]))
    for row in connection.execute(select(links).where(links.c.message.in_(clean))):
        if changed := _redacted(row, _OF_LINKS, clean[row.message]):
            _redact_link(connection, row, changed)


def _redact_link(connection: Connection, row: Row[Any], changed: dict[str, Any]) -> None:
    """Change the link, its clicks, and the sums that name it."""
    _update(connection, links, {"message": row.message, "number": row.number}, changed)
    clicked = (hits.c.message == row.message, hits.c.link == row.number)
    for column in changed.keys() & {"url", "name"}:
        days = select(hits.c.at // DAY).where(*clicked).distinct()
        named = (sums.c.rollup == Rollup.LINKS, sums.c.day.in_(days), sums.c.value == getattr(row, column))
        connection.execute(update(sums).where(*named).values(value=changed[column]))
    if "url" in changed:
        connection.execute(update(hits).where(*clicked).values(url=changed["url"]))


def _redacted(row: Row[Any], names: Collection[str], clean: Redaction) -> dict[str, Any]:
    """Return the columns that change."""
    before = {name: getattr(row, name) for name in names}
    after = {
        name: clean(value) if isinstance(value, str) else [clean(each) for each in value]
        for name, value in before.items()
    }
    return {name: value for name, value in after.items() if value != before[name]}


def _metadata(row: Row[Any], clean: Redaction, *, whole: bool) -> dict[str, Any]:
    after = {} if whole else {clean(name): clean(text) for name, text in row.metadata.items()}
    return {"metadata": after} if after != row.metadata else {}


def _update(connection: Connection, table: Table, this: dict[str, Any], changed: dict[str, Any]) -> None:
    if changed:
        key = (table.c[name] == value for name, value in this.items())
        connection.execute(update(table).where(*key).values(changed))
