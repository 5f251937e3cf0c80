"""Who changed what, and when. Entries are written with the change itself; nothing changes or removes one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class Action(StrEnum):
    """What became of the thing."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditChange:
    """A change, not written yet. Of one that was changed, `before` and `after` hold what differs alone.

    Secrets are in neither: that one changed is all that is told.
    """

    project: int | None  # None: of the installation
    action: Action
    kind: str  # such as "tracking domain"
    name: str
    before: Mapping[str, Any]  # of JSON
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """A change that was written."""

    id: int
    at: datetime
    actor: str  # `cli:` and a user of the system, or the name of an `accounts.actors.Actor`
    project_name: str | None  # None where it was removed, or there is none
    change: AuditChange


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries; None means all."""

    project: int | None = None
    since: datetime | None = None
    before: int | None = None  # those with smaller ids
    limit: int = 50


class AuditStore(Protocol):
    """Keeps entries. Both methods raise `accounts.errors.StoreUnavailable`."""

    def entries(self, wanted: AuditFilter) -> list[AuditEntry]:
        """Return them, the newest first."""

    def note(self, actor: str, change: AuditChange) -> None:
        """Write down a change of something that is not in the database."""
