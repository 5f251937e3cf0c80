"""One thing that was looked at."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is: `FAIL` keeps mail or clicks from working."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at. `remedy` says how to mend it; "" where all is well."""

    level: Level
    subject: str
    message: str
    remedy: str = ""


def ok(subject: str, message: str) -> Finding:
    """Return one that is well."""
    return Finding(level=Level.OK, subject=subject, message=message)


def warn(subject: str, message: str, remedy: str) -> Finding:
    """Return one to know of."""
    return Finding(level=Level.WARN, subject=subject, message=message, remedy=remedy)


def fail(subject: str, message: str, remedy: str) -> Finding:
    """Return one that keeps mail or clicks from working."""
    return Finding(level=Level.FAIL, subject=subject, message=message, remedy=remedy)
