"""Findings as text, and settings with something changed."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from service.checkup import Finding, Level
from service.settings import Settings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MILLISECONDS = int(NOW.timestamp() * 1000)


class Bad(list[str]):
    """What is not well, as `level subject: message → remedy`."""

    def __contains__(self, part: object) -> bool:
        return any(str(part) in each for each in self)


def bad(findings: Iterable[Finding]) -> Bad:
    """Return what is not well."""
    shown = [each for each in findings if each.level is not Level.OK]
    assert all(each.remedy for each in shown)
    return Bad(f"{each.level} {each.subject}: {each.message} → {each.remedy}" for each in shown)


def with_section(settings: Settings, section: str, **changes: Any) -> Settings:
    """Return the settings with these keys of a section changed."""
    return replace(settings, **{section: replace(getattr(settings, section), **changes)})
