"""What is kept for how long, and the deletion of the rest in small steps, with others' turns between them.

First whom a message was for is deleted, then its events, and the message itself when no event is left of it.
Times are milliseconds since 1970.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol, TypeVar

from events.ports import HitPartitions, Place

FOR_EVER: Final = 0
DAY: Final = 86_400_000
FIRST: Final = (-1, "")
"""The place before all others."""

_Where = TypeVar("_Where")


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """For how many days; `FOR_EVER` without an end."""

    message_days: int  # what names the recipients of a message that is tracked without names
    event_days: int  # everything


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepingRules:
    """Of each project that says something of its own, and of all others, also those that are gone."""

    default: Keeping
    projects: Mapping[int, Keeping] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Until when what is stored is past its time, by project. 0: nothing is."""

    default: int
    projects: Mapping[int, int]

    @property
    def latest(self) -> int:
        """Before when something may be past its time."""
        return max(0, self.default, *self.projects.values())

    @property
    def earliest(self) -> int:
        """Before when everything is."""
        return min(self.default, *self.projects.values(), self.default)  # of at least two

    def of(self, project: int) -> int:
        """Return what holds for a project."""
        return self.projects.get(project, self.default)

    def groups(self) -> Mapping[int, Sequence[int]]:
        """Return the projects that say something of their own, by limit."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        for project, limit in self.projects.items():
            found[limit].append(project)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """How much was."""

    named: int = 0  # messages of which it is not known any more whom they were for
    hits: int = 0
    outcomes: int = 0
    messages: int = 0

    def __bool__(self) -> bool:
        return any((self.named, self.hits, self.outcomes, self.messages))

    def plus(self, other: "Deleted") -> "Deleted":
        """Return both together."""
        return Deleted(
            named=self.named + other.named,
            hits=self.hits + other.hits,
            outcomes=self.outcomes + other.outcomes,
            messages=self.messages + other.messages,
        )


class RetentionStore(Protocol):
    """Deletes, a bounded number of rows at a time. Every method raises `StoreUnavailable`.

    Each goes on beyond a place and returns how many it deleted and where it came to, None at the end.
    Repeating one changes nothing.
    """

    def unname(self, anonymous: Limit, others: Limit, beyond: str) -> tuple[int, str | None]:
        """Delete whom messages were for; `anonymous` is the limit of those that are tracked without names."""

    def delete_hits(self, limit: Limit, beyond: Place) -> tuple[int, Place | None]:
        """Delete clicks and opens."""

    def delete_outcomes(self, limit: Limit, beyond: Place) -> tuple[int, Place | None]:
        """Delete outcomes."""

    def delete_messages(self, limit: Limit, beyond: str) -> tuple[int, str | None]:
        """Delete messages, with their links, of which nothing else is left."""

    def delete_wishes(self, before: int) -> None:
        """Delete the fingerprints of those who were forgotten before: records of that time go anyway."""

    def wipe(self) -> bool:
        """Have what was deleted leave the database's files too; False where that must be tried again."""


def event_limit(rules: KeepingRules, now: int) -> Limit:
    """Return the limit of all that is stored."""
    return Limit(
        default=_before(now, rules.default.event_days),
        projects={project: _before(now, each.event_days) for project, each in rules.projects.items()},
    )


def name_limit(rules: KeepingRules, now: int) -> Limit:
    """Return the limit of the names of recipients that are tracked without: with the events at the latest."""
    return Limit(
        default=_names_before(now, rules.default),
        projects={project: _names_before(now, each) for project, each in rules.projects.items()},
    )


def expire(
    store: RetentionStore, partitions: HitPartitions, rules: KeepingRules, now: int
) -> Iterator[Deleted]:
    """Delete what is past its time, and yield after each step. Raises `StoreUnavailable`."""
    events, names = event_limit(rules, now), name_limit(rules, now)
    if events.earliest:
        partitions.drop_before(events.earliest)
        store.delete_wishes(events.earliest)
    yield from _walk(partial(store.unname, names, events), "", lambda count: Deleted(named=count))
    yield from _walk(partial(store.delete_hits, events), FIRST, lambda count: Deleted(hits=count))
    yield from _walk(partial(store.delete_outcomes, events), FIRST, lambda count: Deleted(outcomes=count))
    yield from _walk(partial(store.delete_messages, events), "", lambda count: Deleted(messages=count))


def _walk(
    step: Callable[[_Where], tuple[int, _Where | None]], first: _Where, deleted: Callable[[int], Deleted]
) -> Iterator[Deleted]:
    place: _Where | None = first
    while place is not None:
        count, place = step(place)
        yield deleted(count)


def _names_before(now: int, keeping: Keeping) -> int:
    return max(_before(now, keeping.message_days), _before(now, keeping.event_days))


def _before(now: int, days: int) -> int:
    """Return the end of what was kept so many days: a whole day goes at once, so that its sums stay true."""
    return 0 if days == FOR_EVER else max(0, (now // DAY - days) * DAY)
