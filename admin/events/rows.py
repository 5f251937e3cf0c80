"""An event as a line for people."""

from datetime import UTC, datetime
from typing import Final

from events.ports import Event

COLUMNS: Final = ("time (UTC)", "event", "verdict", "recipient", "what", "from", "message")


def row(event: Event) -> tuple[str, ...]:
    """Return the cells of `COLUMNS`."""
    verdict = f"{event.verdict}: {', '.join(event.reasons)}" if event.reasons else event.verdict
    return _when(event.at), event.kind, verdict, _who(event), _what(event), event.address, event.message


def _when(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M:%S}"


def _who(event: Event) -> str:
    return "shared copy" if event.shared_copy else event.recipient


def _what(event: Event) -> str:
    what = event.link_name or event.url or event.reply
    return f"{what} [{', '.join(event.link_tags)}]" if event.link_tags else what
