"""The pages of events in a real browser, with what strangers write at its worst."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from events.model import HitKind, Recipient, TrackedLink
from tests.events.records import AT, MESSAGE, hit, message, outcome
from tests.web.api_server import Api
from tests.web.test_event_pages import EVIL, PERSON, store
from tests.web.test_webhooks import given_up

pytest.importorskip("jinja2", reason="jinja2 is not installed")
pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import Page, expect

from tests.web.chromium import Watched, chromium

pytestmark = pytest.mark.long

DAY = 86_400_000
LONG = "x" * 1_500
MIXED = f"{EVIL} \u202e abc \u2066 {LONG}"  # marks of direction, which would turn what follows
SPAN = "from=2026-09-01&to=2026-09-30"
MAIL = (
    "From: news@example.com\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    f'<body><a href="https://example.com/{LONG[:900]}">{EVIL}</a> <a href="mailto:a@b.example">w</a></body>'
    "\r\n"
)
DROP = """mail => {
  const brought = new DataTransfer();
  brought.items.add(new File([mail], "m.eml", {type: "message/rfc822"}));
  document.querySelector("#f-file").form.dispatchEvent(
    new DragEvent("drop", {dataTransfer: brought, bubbles: true, cancelable: true}));
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


def sign_in(page: Page, key: str) -> None:
    page.goto("/sign-in")
    page.locator("summary", has=page.locator("text=key")).click()
    page.locator("#f-key").fill(key)
    page.locator("form", has=page.locator("#f-key")).get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("default")


def stocked(api: Api) -> str:
    """Fill all that the pages show, and return a webhook's id."""
    opened = {"kind": HitKind.OPEN, "link": 0, "url": ""}
    store(
        message(
            sender=MIXED,
            message_id=MIXED,
            recipients=(Recipient(address=MIXED, reference="00ff00ff00ff00ff"),),
            links=(TrackedLink(number=1, url=f"https://example.com/{MIXED}", name=MIXED, tags=(MIXED,)),),
            tags=(MIXED,),
            metadata={MIXED: MIXED},
            problems=(MIXED,),
        ),
        outcome(reply=MIXED),
        hit(2, at=AT + 60_000, user_agent=PERSON),
        hit(
            3, at=AT + DAY, url=f"https://example.com/{MIXED}", user_agent=MIXED, purpose=MIXED, address=MIXED
        ),
        hit(4, at=AT + DAY, user_agent=PERSON, **opened),
    )
    webhook = str(
        api.post("/webhooks", {"url": f"https://hooks.example.com/{LONG}", "label": MIXED[:190]})["id"]
    )
    given_up(webhook, 1, 2, 3)
    return webhook


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_for_everybody(browser: Any, operator: Api, scheme: Any) -> None:
    webhook = stocked(operator)
    watched = Watched(browser, operator.port, color_scheme=scheme)
    page = watched.page
    sign_in(page, operator.token)
    for path in (
        "/p/default/events",
        "/p/default/events?kind=click&verdict=human",
        "/p/default/events?since=yesterday",
        f"/p/default/messages/{MESSAGE}",
        *(f"/p/default/reports?{SPAN}&by={by}" for by in ("link", "domain", "sender", "tag")),
        "/p/default/webhooks",
        "/p/default/webhooks/new",
        f"/p/default/webhooks/{webhook}",
        f"/p/default/webhooks/{webhook}/remove",
        "/health",
    ):
        page.goto(path)
        if not path.endswith("yesterday"):
            watched.is_well()
    page.context.close()
    assert [each for each in watched.complaints if "422" not in each] == []


def test_a_chart_is_read_and_seen(browser: Any, operator: Api) -> None:
    stocked(operator)
    watched = Watched(browser, operator.port)
    page = watched.page
    sign_in(page, operator.token)
    page.goto(f"/p/default/reports?{SPAN}")
    chart = page.get_by_role("img", name="Clicks a day, from 2026-09-01 to 2026-09-30")
    expect(chart).to_be_visible()
    expect(chart).to_have_accessible_description(
        re.compile("people who clicked: 1 in all, most on 2026-09-21")
    )
    strokes = chart.locator("path").evaluate_all("each => each.map(path => getComputedStyle(path).stroke)")
    assert len({*strokes}) == 2
    assert "none" not in strokes
    page.get_by_text("The numbers of each day").click()
    expect(page.get_by_role("row", name="2026-09-21")).to_contain_text("1")
    page.get_by_role("link", name="7 days").click()
    expect(page.get_by_text("Nobody opened or clicked in these days.")).to_be_visible()
    watched.is_well()
    page.context.close()
    assert watched.complaints == []


def test_a_message_is_dropped_and_looked_at(browser: Any, operator: Api) -> None:
    watched = Watched(browser, operator.port)
    page = watched.page
    sign_in(page, operator.token)
    page.goto("/p/default/preview")
    watched.is_well()
    page.evaluate(DROP, MAIL)
    page.locator("main").get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("heading", name="What would become of it")).to_be_visible()
    expect(page.get_by_role("row", name="tracked")).to_contain_text("https://example.com/xxx")
    expect(page.locator("ol.changes ins").first).to_contain_text("/c/")
    watched.is_well()
    page.context.close()
    assert watched.complaints == []
