import re
from pathlib import Path
from typing import Any

import pytest

from events.model import HitKind
from events.verdicts import HitVerdict, Judgement, Reason, Relayed, Surroundings, judge
from events.verdicts.model import worth
from events.verdicts.thresholds import DEFAULT
from tests.events.records import AT, hit
from tests.events.verdicts.agents import CHROME, GMAIL_OPEN, GMAIL_PREFETCH

DOCUMENT = (Path(__file__).parents[3] / "docs" / "events.md").read_text(encoding="utf-8")
OPEN = {"kind": HitKind.OPEN, "link": 0, "url": ""}
HUMAN, SUSPECT, MACHINE = HitVerdict


def of(*, relayed: Relayed | None = None, around: Surroundings | None = None, **fields: Any) -> Judgement:
    """Judge a click of a browser that has these fields."""
    click = hit(**{"user_agent": CHROME} | fields)
    return judge(click, relayed or Relayed(), around or Surroundings())


def after(milliseconds: int, **fields: Any) -> Judgement:
    """Judge one so long after its message was relayed."""
    return of(relayed=Relayed(at=AT), at=AT + milliseconds, **fields)


def is_human(judgement: Judgement) -> bool:
    return judgement == Judgement(verdict=HUMAN, reasons=())


def test_a_browser_is_a_person() -> None:
    assert is_human(of())
    assert is_human(of(**OPEN))


def test_head_is_a_machine() -> None:
    assert of(method="HEAD") == Judgement(verdict=MACHINE, reasons=(Reason.HEAD,))
    assert of(method="HEAD", **OPEN).verdict is MACHINE


@pytest.mark.parametrize(
    "purpose", ["prefetch", "Prefetch", "prefetch;prerender", "preview", "prefetch;anonymous-client-ip"]
)
def test_fetching_ahead_is_a_machine(purpose: str) -> None:
    assert of(purpose=purpose) == Judgement(verdict=MACHINE, reasons=(Reason.PREFETCH,))


@pytest.mark.parametrize("purpose", ["", "navigate"])
def test_another_purpose_says_nothing(purpose: str) -> None:
    assert is_human(of(purpose=purpose))


def test_apple_and_gmail_fetch_before_anybody_looks() -> None:
    assert of(user_agent="Mozilla/5.0", **OPEN) == Judgement(verdict=MACHINE, reasons=(Reason.APPLE_PRIVACY,))
    assert of(user_agent=GMAIL_PREFETCH, **OPEN).reasons == (Reason.GMAIL_PREFETCH,)
    assert of(user_agent=GMAIL_PREFETCH, **OPEN).verdict is MACHINE


def test_a_proxied_open_is_a_persons() -> None:
    assert of(user_agent=GMAIL_OPEN, **OPEN) == Judgement(verdict=HUMAN, reasons=(Reason.GOOGLE_PROXY,))
    assert after(60_000, user_agent=GMAIL_OPEN, **OPEN).verdict is HUMAN


def test_a_proxied_open_right_after_relaying_is_suspect() -> None:
    early = after(DEFAULT.fast_open, user_agent=GMAIL_OPEN, **OPEN)
    assert (early.verdict, early.reasons) == (SUSPECT, (Reason.FAST_OPEN, Reason.GOOGLE_PROXY))


@pytest.mark.parametrize(
    ("milliseconds", "verdict", "reasons"),
    [
        (-5_000, MACHINE, (Reason.INSTANT_CLICK,)),
        (2_000, MACHINE, (Reason.INSTANT_CLICK,)),
        (2_001, SUSPECT, (Reason.FAST_CLICK,)),
        (10_000, SUSPECT, (Reason.FAST_CLICK,)),
        (10_001, HUMAN, ()),
    ],
)
def test_a_click_soon_after_relaying(milliseconds: int, verdict: HitVerdict, reasons: tuple[Reason]) -> None:
    assert after(milliseconds) == Judgement(verdict=verdict, reasons=reasons)


@pytest.mark.parametrize(("milliseconds", "verdict"), [(0, SUSPECT), (3_000, SUSPECT), (3_001, HUMAN)])
def test_an_open_soon_after_relaying_is_never_more_than_suspect(
    milliseconds: int, verdict: HitVerdict
) -> None:
    assert after(milliseconds, **OPEN).verdict is verdict


@pytest.mark.parametrize(
    ("links", "of_message", "reasons"),
    [
        (4, 20, ()),
        (5, 20, (Reason.LINK_BURST,)),
        (4, 0, ()),
        (2, 2, ()),
        (3, 3, (Reason.EVERY_LINK,)),
        (3, 4, ()),
        (5, 5, (Reason.LINK_BURST, Reason.EVERY_LINK)),
    ],
)
def test_many_links_at_once(links: int, of_message: int, reasons: tuple[Reason]) -> None:
    found = of(relayed=Relayed(links=of_message), around=Surroundings(links=links))
    assert found == Judgement(verdict=MACHINE if reasons else HUMAN, reasons=reasons)


def test_many_recipients_of_one_address_are_suspect() -> None:
    assert is_human(of(around=Surroundings(recipients=9)))
    crowd = of(around=Surroundings(recipients=10))
    assert crowd == Judgement(verdict=SUSPECT, reasons=(Reason.MANY_RECIPIENTS,))


def test_the_gravest_reason_decides_and_all_are_told() -> None:
    found = after(0, user_agent="", method="HEAD", around=None)
    assert found.verdict is MACHINE
    assert found.reasons == (Reason.HEAD, Reason.INSTANT_CLICK, Reason.NO_AGENT)


def test_the_document_explains_each_reason_by_its_verdict() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (human|suspect|machine) \|", DOCUMENT, re.MULTILINE)
    assert rows == [(reason.value, worth(reason).value) for reason in Reason]
