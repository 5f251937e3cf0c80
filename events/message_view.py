"""What is known of one message: its record, how relaying it ended, and how often what was asked for. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from events.model import HitKind, MessageRecord, Outcome
from events.verdicts import HitVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class AlikeHits:
    """So many hits of a message that have all of this in common."""

    kind: str
    link: int  # its number; 0 of opens
    verdict: str
    reasons: tuple[str, ...]
    hits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Askers:
    """Hits by who asked, and why that is thought of those who are no people."""

    human: int = 0
    suspect: int = 0
    machine: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def all(self) -> int:
        """All of them."""
        return self.human + self.suspect + self.machine


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """A message, how relaying it ended (the oldest first), and all hits on it."""

    record: MessageRecord
    outcomes: tuple[Outcome, ...] = ()
    hits: tuple[AlikeHits, ...]

    @property
    def opens(self) -> Askers:
        """Who opened it."""
        return _askers(each for each in self.hits if each.kind == HitKind.OPEN)

    def clicks(self, link: int | None = None) -> Askers:
        """Who clicked a link, or any."""
        clicks = (each for each in self.hits if each.kind == HitKind.CLICK)
        return _askers(each for each in clicks if link in (None, each.link))


def _askers(some: Iterable[AlikeHits]) -> Askers:
    verdicts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for each in some:
        verdicts[each.verdict] += each.hits
        reasons.update(dict.fromkeys(each.reasons, each.hits))
    return Askers(
        human=verdicts[HitVerdict.HUMAN],
        suspect=verdicts[HitVerdict.SUSPECT],
        machine=verdicts[HitVerdict.MACHINE],
        reasons=reasons,
    )
