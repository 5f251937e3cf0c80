"""What people type to say which events they mean: times, and places in a list. Pure."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from events.ports import Place

_AGO: Final = re.compile(r"(\d{1,9})([smhd])", re.ASCII)
_UNITS: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_PLACE: Final = re.compile(r"(\d{1,15}):([0-9a-f]{32})", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Unclear(ValueError):
    """The text means none. The message is one sentence that says what to write."""


def moment(text: str, now: int) -> int:
    """Return milliseconds; `2h` is two hours ago, `2026-11-21` the day's beginning, UTC. Raises `Unclear`."""
    text = text.strip()
    if ago := _AGO.fullmatch(text):
        return now - int(ago[1]) * _UNITS[ago[2]]
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Unclear(f"{text!r} is no time; write 30m, 2h, 7d, 2026-11-21 or 2026-11-21T18:30") from None
    whole = found if found.tzinfo else found.replace(tzinfo=UTC)
    return (whole - _EPOCH) // timedelta(milliseconds=1)


def place(text: str) -> Place:
    """Return where `1790000060000:f9e8…` stands, the `at` and `id` of an event. Raises `Unclear`."""
    found = _PLACE.fullmatch(text.strip())
    if found is None:
        raise Unclear(f"{text!r} is no event; write its `at` and `id` as 1790000060000:f9e8d7…")
    return int(found[1]), found[2]


def as_typed(place: Place) -> str:
    """Return a place as `place` reads it."""
    at, number = place
    return f"{at}:{number}"
