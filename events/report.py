"""What was rewritten, left alone and why, by sending domain. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from rewriter.policy import Mode

OUTSIDE_SHARE: Final = "outside-share"
"""The one reason of a message that goes out as it came and is looked at all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """So many messages that have all of this in common."""

    project: int
    sending_domain: str
    mode: str
    rewritten: bool
    pixel: bool
    untracked: str
    left_alone: Mapping[str, int]  # of each of them
    messages: int
    links: int  # of all of them together


@dataclass(slots=True, kw_only=True)
class SenderReport:
    """One sending domain of a project. Each message is rewritten, observed, unchanged or untracked."""

    project: int
    sending_domain: str
    messages: int = 0
    rewritten: int = 0
    observed: int = 0  # looked at, and sent as it came
    unchanged: int = 0  # looked at, and nothing in it could be tracked
    links: int = 0  # tracked
    pixels: int = 0
    links_observed: int = 0  # would have been tracked
    pixels_observed: int = 0
    left_alone: Counter[str] = field(default_factory=Counter)  # reasons of links, parts, pixels and messages
    why_untracked: Counter[str] = field(default_factory=Counter)  # reasons of whole messages

    @property
    def untracked(self) -> int:
        """How many messages were not looked at."""
        return self.messages - self.rewritten - self.observed - self.unchanged

    def add(self, tally: Tally) -> None:
        """Count these messages in."""
        self.messages += tally.messages
        for reason, times in tally.left_alone.items():
            self.left_alone[reason] += times * tally.messages
        if tally.untracked:
            self.why_untracked[tally.untracked] += tally.messages
        pixels = tally.messages * tally.pixel
        if tally.mode == Mode.OBSERVE:
            self.observed += tally.messages * _looked_at(tally)
            self.links_observed += tally.links
            self.pixels_observed += pixels
        elif tally.rewritten:
            self.rewritten += tally.messages
            self.links += tally.links
            self.pixels += pixels
        else:
            self.unchanged += tally.messages * _looked_at(tally)


def by_sender(tallies: Iterable[Tally]) -> list[SenderReport]:
    """Sum up, those with the most messages first."""
    senders: dict[tuple[int, str], SenderReport] = {}
    for tally in tallies:
        key = (tally.project, tally.sending_domain)
        found = senders.setdefault(key, SenderReport(project=key[0], sending_domain=key[1]))
        found.add(tally)
    return sorted(senders.values(), key=lambda each: (-each.messages, each.project, each.sending_domain))


def _looked_at(tally: Tally) -> bool:
    return not tally.untracked or tally.untracked == OUTSIDE_SHARE
