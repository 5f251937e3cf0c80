import html
import re
from urllib.parse import quote

import pytest

from events.model import HitKind, Record
from links.ids import message_id
from tests.events.records import AT, hit, message, outcome
from tests.web.api_server import Api
from tests.web.browser import Shown, signed_in
from tests.web.test_event_pages import EVIL, PERSON, TEMPLATE, store

pytest.importorskip("jinja2", reason="jinja2 is not installed")

SPAN = "from=2026-09-20&to=2026-09-24"
LATER = AT + 86_400_000


def stored() -> None:
    """Store three messages on the 21st, clicks on that day and the next, a person's and a robot's."""
    names = [message_id(AT, number.to_bytes(6, "big")) for number in range(3)]
    opened = {"kind": HitKind.OPEN, "link": 0, "url": ""}
    store(
        *(message(id=name) for name in names),
        *(outcome(number, message=name) for number, name in enumerate(names, 1)),
        hit(11, message=names[0], at=AT + 60_000, user_agent=PERSON),
        hit(12, message=names[0], at=LATER, user_agent=PERSON),
        hit(13, message=names[1], at=LATER, user_agent="curl/8", link=2, url="https://example.com/"),
        hit(14, message=names[1], at=LATER, user_agent=PERSON, **opened),
    )


def table(shown: Shown, number: int) -> dict[str, list[str]]:
    """Return the cells of a table's rows by their first."""
    body = shown.html.split("<tbody>")[number].partition("</tbody>")[0]
    found = {}
    for row in body.split("</tr>")[:-1]:
        cells = [
            html.unescape(" ".join(re.sub(r"<[^>]+>", " ", cell).split()))
            for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.S)
        ]
        found[cells[0]] = cells[1:]
    return found


def test_without_events_it_says_so(operator: Api) -> None:
    text = signed_in(operator).get("/p/default/reports").text
    assert "Copies sent 0" in text
    assert "Nobody opened or clicked in these days." in text
    assert "– of 0 copies" in text


def test_opens_and_clicks_of_people_and_robots_with_what_they_are_of(operator: Api) -> None:
    stored()
    shown = signed_in(operator).get(f"/p/default/reports?{SPAN}")
    assert "From 2026-09-20 to 2026-09-24" in shown.text
    assert "Copies sent 3" in shown.text
    assert "People who opened 1 33.3% of 3 copies" in shown.text
    assert "People who clicked 1 33.3% of 3 copies; 100.0% of 1 who opened" in shown.text
    assert "Clicks by robots 1 33.3% of 3 clicks" in shown.text
    days = table(shown, 1)
    assert list(days) == [f"2026-09-{day}" for day in range(20, 25)]
    assert days["2026-09-20"] == ["0"] * 8
    assert days["2026-09-21"] == ["0", "0", "0", "0", "1", "1", "0", "1"]
    assert days["2026-09-22"] == ["1", "1", "0", "1", "0", "1", "1", "2"]
    assert table(shown, 2) == {
        "offer": ["1", "2", "0", "2"],
        "https://example.com/": ["0", "0", "1", "1"],
    }
    assert shown.html.count("<svg") == 2
    assert "people who clicked: 1 in all, most on 2026-09-21: 1." in shown.text


def test_it_is_counted_by_what_is_asked(operator: Api) -> None:
    stored()
    browser = signed_in(operator)
    for by, value in {"domain": "track.example.com", "sender": "example.com", "tag": "welcome"}.items():
        found = table(browser.get(f"/p/default/reports?{SPAN}&by={by}"), 2)
        assert found == {value: ["1", "1", "0", "1", "1", "2", "1", "3"]}, by
    assert "Copies sent 3" in browser.get(f"/p/default/reports?{SPAN}&tag=welcome").text
    for other in ("tag=x", "sending_domain=example.org", "tag=%00"):
        assert "Copies sent 0" in browser.get(f"/p/default/reports?{SPAN}&{other}").text
    single = browser.get("/p/default/reports?from=2026-09-22&to=2026-09-22")
    assert "<svg" not in single.html
    assert list(table(single, 1)) == ["2026-09-22"]


def test_spans_are_chosen_by_their_length_too(operator: Api) -> None:
    browser = signed_in(operator)
    for days in (7, 30, 90):
        shown = browser.get(f"/p/default/reports?by=tag&days={days}")
        assert f'href="/p/default/reports?days={days}&amp;by=tag" aria-current="true"' in shown.html
        first, last = re.search(r"<h2>From (\S+) to (\S+)</h2>", shown.html).groups()  # type: ignore[union-attr]
        assert first < last


def test_what_is_no_span_is_told(operator: Api) -> None:
    browser = signed_in(operator)
    for query, sentence in {
        "from=x": "'x' is no day; write 2026-11-21",
        "from=2026-09-20&to=2026-09-19": "the days must follow each other, and be 366 at most",
        "from=2020-01-01&to=2026-01-01": "be 366 at most",
        "to=9999-12-31": "is beyond what is counted",
        "to=0001-01-01": "is beyond what is counted",
        "days=8": "'8' days are none to choose",
        "by=message": "'message' is none of link, domain, sender, tag",
    }.items():
        shown = browser.ask("GET", f"/p/default/reports?{query}")
        assert shown.status == 422, query
        assert sentence in shown.text, query


def test_each_project_sees_its_own(operator: Api) -> None:
    stored()
    stranger = signed_in(operator, project="shop")
    assert stranger.ask("GET", "/p/default/reports").status == 404
    assert "Copies sent 0" in stranger.get(f"/p/shop/reports?{SPAN}").text


def test_what_strangers_write_is_text_and_nothing_else(operator: Api) -> None:
    said = EVIL + TEMPLATE
    records: tuple[Record, ...] = (
        message(tags=(said,), sending_domain=said, tracking_domain=said),
        hit(2, url=f"javascript:{said}", link=5, at=AT + 60_000),
    )
    store(*records)
    browser = signed_in(operator)
    for by in ("link", "domain", "sender", "tag"):
        shown = browser.get(
            f"/p/default/reports?{SPAN}&by={by}&sending_domain={quote(said)}&tag={quote(said)}"
        )
        assert "<script>alert" not in shown.html
        assert "<img" not in shown.html
        assert 'href="javascript' not in shown.html
        assert TEMPLATE in shown.html
