"""Verdicts and the reasons for them. A reason is always worth the same; the gravest decides."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

RULES: Final = 1
"""The version of the rules. A change of a rule, a threshold or the table of agents makes the next one."""


class HitVerdict(StrEnum):
    """Who asked, from the mildest to the gravest."""

    HUMAN = "human"
    SUSPECT = "suspect"
    MACHINE = "machine"


class Reason(StrEnum):
    """What was noticed. docs/events.md explains each."""

    HEAD = "head"
    PREFETCH = "prefetch"
    APPLE_PRIVACY = "apple-privacy"
    GMAIL_PREFETCH = "gmail-prefetch"
    SCANNER = "scanner"
    PREVIEW = "preview"
    CRAWLER = "crawler"
    PROGRAM = "program"
    INSTANT_CLICK = "instant-click"
    LINK_BURST = "link-burst"
    EVERY_LINK = "every-link"
    NO_AGENT = "no-agent"
    FAST_CLICK = "fast-click"
    FAST_OPEN = "fast-open"
    MANY_RECIPIENTS = "many-recipients"
    GOOGLE_PROXY = "google-proxy"
    YAHOO_PROXY = "yahoo-proxy"


_SUSPECT: Final = frozenset(
    (Reason.NO_AGENT, Reason.FAST_CLICK, Reason.FAST_OPEN, Reason.MANY_RECIPIENTS),
)
_HUMAN: Final = frozenset((Reason.GOOGLE_PROXY, Reason.YAHOO_PROXY))  # a person's, by way of the provider


def worth(reason: Reason) -> HitVerdict:
    """Return the verdict that the reason alone leads to."""
    if reason in _HUMAN:
        return HitVerdict.HUMAN
    return HitVerdict.SUSPECT if reason in _SUSPECT else HitVerdict.MACHINE


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict, why, and by which version of the rules."""

    verdict: HitVerdict
    reasons: tuple[Reason, ...]  # in the order of `Reason`
    rules: int = RULES


@cache  # few sets of reasons occur: most hits have none
def judgement(reasons: frozenset[Reason]) -> Judgement:
    """Let the gravest reason decide. Without any it was a person."""
    verdicts = {worth(reason) for reason in reasons}
    gravest = next((each for each in reversed(HitVerdict) if each in verdicts), HitVerdict.HUMAN)
    return Judgement(verdict=gravest, reasons=tuple(each for each in Reason if each in reasons))
