"""The header Retry-After [RFC 9110, section 10.2.3]."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

_MOST_SECONDS: Final = 10**7  # a third of a year; a longer number is nonsense, and would overflow a time


def retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Return the time that it names, None where there is none or it cannot be read."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return now + timedelta(seconds=min(int(value[:9]), _MOST_SECONDS))
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
