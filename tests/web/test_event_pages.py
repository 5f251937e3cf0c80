import html
import re
from urllib.parse import quote

import pytest

from events.model import HitKind, Recipient, Record, TrackedLink, Verdict
from events.verdicts import Reason as HitReason
from links.recipients import RecipientTracking
from relay.plan import Untracked
from rewriter.report import Reason
from service.database import open_unattended
from service.settings_file import load_settings
from storage.event_store import SqlEventStore
from tests.events.records import AT, MESSAGE, hit, message, outcome
from tests.web.api_server import Api
from tests.web.browser import Shown, signed_in

pytest.importorskip("jinja2", reason="jinja2 is not installed")

from web.dashboard import words

PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
LATER = AT + 60_000
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
TEMPLATE = "{{ 7*7 }}"

FILTERS = {
    "kind=click": 2,
    "kind=relayed": 1,
    "verdict=machine": 1,
    "verdict=human": 1,
    "message=%3C1@example.com%3E": 3,
    f"message={MESSAGE}": 3,
    "sending_domain=example.com": 3,
    "sending_domain=example.org": 0,
    "recipient=ann@example.net": 3,
    "tag=welcome": 3,
    "link=offer": 2,
    "host=track.example.com": 2,
    "since=2026-09-21T14:14:20": 2,
    "until=2026-09-21T14:14": 1,
    "since=2026-09-22": 0,
    "link=%00&tag=": 0,
}
UNCLEAR = {
    "since=yesterday": "'yesterday' is no time; write 30m, 2h",
    "until=2026-13-01": "is no time",
    "kind=seen": "'seen' is none of relayed, refused",
    "verdict=robot": "'robot' is none of human, suspect, machine",
    "beyond=x": "'x' is no event",
}


def store(*records: Record) -> None:
    with open_unattended(load_settings(None, {})) as engine:
        SqlEventStore(engine).add(records)


def rows(shown: Shown) -> list[str]:
    """Return the texts of the rows of the last table, without that of its headings."""
    body = shown.html.rpartition("<tbody>")[2].partition("</tbody>")[0]
    texts = (re.sub(r"<[^>]+>", " ", row) for row in body.split("</tr>")[:-1])
    return [html.unescape(" ".join(text.split())) for text in texts]


def test_without_events_it_says_so(operator: Api) -> None:
    shown = signed_in(operator).get("/p/default/events")
    assert "Nothing has happened yet." in shown.text
    assert "Next page" not in shown.text
    assert "No event fits." in signed_in(operator).get("/p/default/events?kind=click").text


def test_events_are_listed_with_verdict_and_reasons_in_words(operator: Api) -> None:
    store(
        message(), outcome(), hit(2, at=LATER, user_agent=PERSON), hit(3, at=LATER + 999, user_agent="curl/8")
    )
    shown = signed_in(operator).get("/p/default/events")
    machine, person, relayed = rows(shown)
    assert machine == (
        "2026-09-21 14:14:20 UTC click machine a library or a command-line tool ann@example.net "
        "offer https://example.com/offer?id=1&n=ä spring, top 203.0.113.9 curl/8 …d4e5f6"
    )
    assert person.startswith("2026-09-21 14:14:20 UTC click human ann@example.net")
    assert relayed.startswith("2026-09-21 14:13:20 UTC relayed ann@example.net 250 2.0.0 queued as 4F1")
    assert f'href="/p/default/messages/{MESSAGE}"' in shown.html
    as_read = " ".join(re.sub(r"<[^>]+>", "", html.unescape(shown.html)).split())
    assert "offer https://example.com/offer?id=1&n=ä spring, top" in as_read


def test_the_first_page_shows_what_happened_last(operator: Api) -> None:
    browser = signed_in(operator)
    assert "no mail came for this project" in browser.get("/p/default").text
    store(message(), outcome(), *(hit(number, at=LATER + number, url=EVIL) for number in range(2, 8)))
    shown = browser.get("/p/default")
    assert [row.split()[:4] for row in rows(shown)] == [["2026-09-21", "14:14:20", "UTC", "click"]] * 5
    assert f'href="/p/default/messages/{MESSAGE}"' in shown.html
    assert EVIL in shown.text
    assert EVIL not in shown.html
    assert 'href="/health"' in shown.html
    tenant = signed_in(operator, "read", "shop").get("/p/shop")
    assert "no mail came for this project" in tenant.text
    assert "/health" not in tenant.html


def test_pages_hold_every_event_once_and_keep_the_filters(operator: Api) -> None:
    store(message(), outcome(), *(hit(number, at=LATER + number // 3) for number in range(1, 121)))
    browser = signed_in(operator)
    path, seen, sizes = "/p/default/events?kind=click&since=2026-09-21", [], []
    while path:
        shown = browser.get(path)
        found = rows(shown)
        seen += found
        sizes.append(len(found))
        following = re.search(r'rel="next" href="([^"]+)"', shown.html)
        path = html.unescape(following[1]) if following else ""
        assert not path or "kind=click&since=2026-09-21&beyond=" in path
    assert sizes == [50, 50, 20]
    assert all(" click " in row for row in seen)


def test_filters_choose(operator: Api) -> None:
    store(message(), outcome(), hit(2, at=LATER, user_agent=PERSON), hit(3, at=LATER, user_agent="curl/8"))
    browser = signed_in(operator)
    for query, count in FILTERS.items():
        shown = browser.get(f"/p/default/events?{query}")
        assert len(rows(shown)) == count, query
        assert "<details open>" in shown.html


def test_what_is_no_filter_is_told_with_the_form_as_it_was_sent(operator: Api) -> None:
    browser = signed_in(operator)
    for query, sentence in UNCLEAR.items():
        shown = browser.ask("GET", f"/p/default/events?host=track.example.com&{query}")
        assert shown.status == 422
        assert sentence in shown.text
        assert 'value="track.example.com"' in shown.html


def test_a_message_is_shown_with_its_links_and_who_asked(operator: Api) -> None:
    opened = {"kind": HitKind.OPEN, "link": 0, "url": ""}
    store(
        message(),
        outcome(),
        hit(2, at=LATER, user_agent=PERSON),
        hit(3, at=LATER, user_agent="curl/8"),
        hit(4, at=LATER, link=2, user_agent=""),
        hit(5, at=LATER, user_agent=PERSON, **opened),
    )
    shown = signed_in(operator).get(f"/p/default/messages/{MESSAGE}")
    text = shown.text
    assert "relayed 2026-09-21 14:13:20 UTC : the upstream took it and said 250 2.0.0 queued as 4F1" in text
    assert "Recipients ann@example.net (identified)" in text
    assert "Size 19,000 bytes" in text
    assert "customer 42" in text
    assert "offer https://example.com/offer spring, top tracked 1 0 1 2 1 × a library" in text
    assert "https://example.com/ tracked 0 1 0 1 1 × a program that does not name itself" in text
    assert "Open pixel put in 1 0 0 1 –" in text
    assert "2 × no web address ( not-http )" in text
    assert len(rows(shown)) == 5


def test_what_was_refused_and_left_alone_is_told(operator: Api) -> None:
    store(
        message(key=0, untracked="no-tracking-domain", pixel=False, links=(), recipients=()),
        outcome(verdict=Verdict.REFUSED, code=550, reply="550 5.1.1 no such user"),
    )
    text = signed_in(operator).get(f"/p/default/messages/{MESSAGE}").text
    assert "the upstream refused it and said 550 5.1.1 no such user" in text
    assert "It went out as it came: no tracking domain was ready ( no-tracking-domain )." in text
    assert "Recipients not written down" in text
    assert "Open pixel not put in 0 0 0 0 –" in text


def test_a_message_to_nobody_known_and_without_an_outcome(operator: Api) -> None:
    store(message(recipients=(), recipient_tracking=RecipientTracking.NONE, mode="observe", key=0))
    text = signed_in(operator).get(f"/p/default/messages/{MESSAGE}").text
    assert "not written down (recipients are not tracked)" in text
    assert "How relaying it ended is not known" in text
    assert "would have been tracked" in text
    assert "Nothing has happened to it yet." in text


def test_the_timeline_of_a_message_that_many_read_goes_on_in_the_list(operator: Api) -> None:
    store(message(), outcome(), *(hit(number, at=LATER) for number in range(1, 102)))
    shown = signed_in(operator).get(f"/p/default/messages/{MESSAGE}")
    assert len(rows(shown)) == 100
    assert "the upstream took it and said 250 2.0.0 queued as 4F1" in shown.text
    assert f'href="/p/default/events?message={MESSAGE}"' in shown.html


def test_the_other_projects_are_not_there(operator: Api) -> None:
    store(message(), outcome(), hit(2))
    stranger = signed_in(operator, project="shop")
    assert stranger.ask("GET", f"/p/shop/messages/{MESSAGE}").status == 404
    for path in ("/p/default/events", f"/p/default/messages/{MESSAGE}"):
        assert stranger.ask("GET", path).status == 404
    for query in ("", f"?message={MESSAGE}", "?recipient=ann@example.net"):
        assert MESSAGE not in stranger.get(f"/p/shop/events{query}").html.replace(f'value="{MESSAGE}"', "")


def test_no_message_has_any_other_name(operator: Api) -> None:
    browser = signed_in(operator)
    for number in ("x", "%00", "%ED%B2%80", "..", "'", "a" * 4000, quote(EVIL)):
        assert browser.ask("GET", f"/p/default/messages/{number}").status == 404, number


def test_what_strangers_write_is_text_and_nothing_else(operator: Api) -> None:
    said = EVIL + TEMPLATE
    store(
        message(
            sender=said,
            message_id=said,
            sending_domain=said,
            tracking_domain=said,
            recipients=(Recipient(address=said, reference="00ff00ff00ff00ff"),),
            links=(TrackedLink(number=1, url=f"javascript:{said}", name=said, tags=(said,)),),
            tags=(said,),
            metadata={said: said},
            problems=(said,),
            left_alone={said: 1},
            untracked=said,
        ),
        outcome(reply=said),
        hit(2, url=f"javascript:{said}", host=said, address=said, user_agent=said, purpose=said),
    )
    browser = signed_in(operator)
    for path in (
        f"/p/default/messages/{MESSAGE}",
        "/p/default/events",
        f"/p/default/events?tag={quote(said)}",
    ):
        shown = browser.get(path)
        assert "<script>alert" not in shown.html
        assert "<img" not in shown.html
        assert 'href="javascript' not in shown.html
        assert TEMPLATE in shown.html
        assert "49" not in shown.text.replace("2026-09-21 14:13:49", "")


def test_every_reason_has_its_words() -> None:
    assert words.HITS.keys() == {*HitReason}
    assert words.LEFT_ALONE.keys() == {*Reason}
    assert words.UNTRACKED.keys() == {*Untracked}
    assert words.in_words("newer") == "newer"
