"""The rules for one hit. docs/events.md explains each reason; `model.worth` says what it leads to."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from events.model import Hit, HitKind
from events.verdicts.agents import says_of_itself
from events.verdicts.model import Judgement, Reason, judgement
from events.verdicts.surroundings import ALONE, Surroundings
from events.verdicts.thresholds import DEFAULT, Thresholds

_AHEAD: Final = ("prefetch", "prerender", "preview")


@dataclass(frozen=True, slots=True, kw_only=True)
class Relayed:
    """What its message's records say."""

    at: int | None = None  # when the upstream first took it, milliseconds; None is not known
    links: int = 0  # how many were tracked; 0 is not known


UNKNOWN = Relayed()


def judge(
    hit: Hit,
    relayed: Relayed = UNKNOWN,
    surroundings: Surroundings = ALONE,
    thresholds: Thresholds = DEFAULT,
) -> Judgement:
    """Return the verdict, by the hit alone where nothing else is given. Knowing more makes it only graver.

    That holds for surroundings, and for a time of relaying that was not known.
    """
    return judgement(frozenset(_noticed(hit, relayed, surroundings, thresholds)))


def _noticed(hit: Hit, relayed: Relayed, around: Surroundings, limits: Thresholds) -> Iterator[Reason]:
    yield from says_of_itself(hit.user_agent)
    if hit.method == "HEAD":
        yield Reason.HEAD
    if any(word in hit.purpose.lower() for word in _AHEAD):
        yield Reason.PREFETCH
    if relayed.at is not None:
        yield from _speed(hit, hit.at - relayed.at, limits)
    if around.links >= limits.burst_links:
        yield Reason.LINK_BURST
    if relayed.links and around.links >= max(relayed.links, limits.every_link):
        yield Reason.EVERY_LINK
    if around.recipients >= limits.crowd:
        yield Reason.MANY_RECIPIENTS


def _speed(hit: Hit, taken: int, limits: Thresholds) -> Iterator[Reason]:
    """A negative time is a hit before the upstream's last reply: it looked at the message first."""
    if hit.kind is HitKind.OPEN:
        if taken <= limits.fast_open:
            yield Reason.FAST_OPEN
    elif taken <= limits.instant_click:
        yield Reason.INSTANT_CLICK
    elif taken <= limits.fast_click:
        yield Reason.FAST_CLICK
