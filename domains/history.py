"""What happened to a tracking domain: steps from one value of it to the next, and what is kept of them."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domains.evidence import Evidence
from domains.model import State, TrackingDomain


class Cause(StrEnum):
    """What brought a change about."""

    ADDED = "added"
    CHECKED = "checked"  # by schedule
    VERIFIED_BY_HAND = "verified by hand"
    SET = "set"  # the target or the use of HTTPS
    RENAMED = "renamed"
    REMOVED = "removed"
    REVIVED = "revived"  # added again after it was removed
    TAKEN_OVER = "taken over"  # by another project, after it was removed


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An entry in the history of a name, which outlives the domain. A state is None where there is no domain.

    `detail` says in plain words what changed or was seen. `evidence` is that of a check. `number` grows from
    entry to entry; 0 before it is stored.
    """

    project: int
    domain: str
    at: datetime
    cause: Cause
    before: State | None
    after: State | None
    detail: str = ""
    evidence: Evidence | None = None
    number: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What becomes of a tracking domain. To be stored only while it still is as it was before.

    `after` is None where it is deleted, `change` None where nothing is worth an entry, `evidence` None where
    nothing was checked.
    """

    before: TrackingDomain
    after: TrackingDomain | None
    change: Change | None = None
    evidence: Evidence | None = None
