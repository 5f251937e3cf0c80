"""The numbers as docs/events.md defines them, counted hit by hit: what all stores must agree with."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from events.counting import Counts, Dimension, Statistics
from events.model import Hit, HitKind, MessageRecord
from events.ports import EventFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A hit, what was thought of it, and its message where that is known."""

    hit: Hit
    verdict: str
    message: MessageRecord | None

    @property
    def link(self) -> str:
        known = self.message.links if self.message else ()
        return next((each.name for each in known if each.number == self.hit.link), "") or self.hit.url

    def values(self, by: Dimension | None) -> list[str]:
        """Return what the hit counts for."""
        match by:
            case Dimension.MESSAGE:
                return [self.hit.message]
            case Dimension.LINK:
                return [self.link]
            case Dimension.TAG:
                return sorted({*(self.message.tags if self.message else ())}) or [""]
            case Dimension.SENDER:
                return [self.message.sending_domain if self.message else ""]
            case Dimension.DOMAIN:
                return [self.message.tracking_domain if self.message else ""]
            case Dimension.DAY:
                return [f"{datetime.fromtimestamp(self.hit.at / 1000, UTC):%Y-%m-%d}"]
            case Dimension.AGENT:
                return [self.hit.user_agent]
        return [""]

    def fits(self, wanted: EventFilter) -> bool:
        """Tell whether the filter wants it, at whatever time."""
        found: dict[str, Any] = {
            "kind": self.hit.kind,
            "project": self.hit.project,
            "verdict": self.verdict,
            "host": self.hit.host,
            "sending_domain": self.message and self.message.sending_domain,
        }
        same = all(getattr(wanted, name) in (None, value) for name, value in found.items())
        tagged = wanted.tag is None or (self.message is not None and wanted.tag in self.message.tags)
        return same and tagged and wanted.link in (None, self.link, self.hit.url)


def counted_by_hand(
    some: Iterable[Judged], by: Dimension | None, wanted: EventFilter
) -> dict[str, Statistics]:
    """Return the numbers by value."""
    fitting = [each for each in some if each.fits(wanted)]
    if by is Dimension.LINK:
        fitting = [each for each in fitting if each.hit.kind is HitKind.CLICK]
    clicks, opens = (
        _counts([each for each in fitting if each.hit.kind is kind], by, wanted)
        for kind in (HitKind.CLICK, HitKind.OPEN)
    )
    return {
        value: Statistics(value=value, clicks=clicks[value], opens=opens[value])
        for value in {*clicks, *opens}
    }


def _counts(some: list[Judged], by: Dimension | None, wanted: EventFilter) -> defaultdict[str, Counts]:
    found: defaultdict[str, Counts] = defaultdict(Counts)
    readers, people = set[Any](), set[Any]()
    for each in sorted(some, key=lambda each: each.hit.at):
        own, human = each.hit, each.verdict == "human"
        reader: tuple[Any, ...] = (own.project, own.message, own.recipient or own.address)
        if by in (Dimension.LINK, Dimension.AGENT):
            reader = *reader, *each.values(by)
        counts = Counts(
            readers=human and reader not in people,
            human=human,
            all_readers=reader not in readers,
            all=1,
        )
        readers.add(reader)
        people |= {reader} if human else set()
        if (wanted.after or 0) <= own.at and (wanted.before is None or own.at < wanted.before):
            for value in each.values(by):
                found[value] += counts
    return found
