"""Which days a report is about. A day is one of UTC."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from events.asking import Unclear
from web.dashboard.forms import Form

DAYS: Final = (7, 30, 90)
LONGEST: Final = 366
DEFAULT: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From the first day to the last, both whole."""

    first: date
    last: date

    def days(self) -> Iterator[date]:
        """Yield them in their order."""
        for number in range((self.last - self.first).days + 1):
            yield self.first + timedelta(days=number)

    @property
    def start(self) -> int:
        """In milliseconds since 1970."""
        return _milliseconds(self.first)

    @property
    def end(self) -> int:
        """The beginning of the day after, in milliseconds since 1970."""
        return _milliseconds(self.last + timedelta(days=1))


def span(asked: Form, now: int) -> Span:
    """Return from `from` to `to` where one is given, else the last `days` with today. Raises `Unclear`."""
    today = datetime.fromtimestamp(now / 1000, UTC).date()
    if not asked.get("from") and not asked.get("to"):
        number = asked.get("days", str(DEFAULT))
        if number not in map(str, DAYS):
            raise Unclear(f"{number!r} days are none to choose; take {', '.join(map(str, DAYS))}")
        return Span(first=today - timedelta(days=int(number) - 1), last=today)
    last = _day(asked.get("to")) if asked.get("to") else today
    first = _day(asked.get("from")) if asked.get("from") else last - timedelta(days=DEFAULT - 1)
    if not 0 <= (last - first).days < LONGEST:
        raise Unclear(f"the days must follow each other, and be {LONGEST} at most")
    return Span(first=first, last=last)


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        raise Unclear(f"{text!r} is no day; write 2026-11-21") from None
    if not 1970 <= found.year < 9999:
        raise Unclear(f"{text!r} is beyond what is counted")
    return found


def _milliseconds(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp()) * 1000
