import logging
from dataclasses import replace
from typing import Never

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.address_precision import AddressPrecision
from events.model import WITHHELD, Hit, HitKind
from links import BlockKind, ClickToken, seal
from tests.tracker.asking import (
    CLICK,
    CLICK_PATH,
    CLICK_TEXT,
    MESSAGE,
    NOW,
    OPEN_PATH,
    OPEN_TEXT,
    RECIPIENT,
    RING,
    URL,
    Answer,
    Asking,
    blocking,
)
from tests.tracker.test_metrics import counted as outcomes_of
from tracker import OperatorPage
from tracker.reader_privacy import ReaderPrivacy, Signals

CLICK_HIT = Hit(
    id=f"{1:032x}",
    kind=HitKind.CLICK,
    at=NOW,
    project=3,
    message=MESSAGE,
    recipient=RECIPIENT,
    link=2,
    url=URL,
    host="track.example.com",
    address="203.0.113.9",
    user_agent="",
    method="GET",
)
OPEN_HIT = replace(CLICK_HIT, kind=HitKind.OPEN, link=0, url="")


@pytest.fixture
def ask() -> Asking:
    return Asking()


def has_the_common_headers(answer: Answer) -> bool:
    return (
        answer.header("cache-control") == "no-store"
        and answer.header("referrer-policy") == "no-referrer"
        and answer.header("x-robots-tag") == "noindex, nofollow"
        and answer.header("x-content-type-options") == "nosniff"
        and answer.header("content-length") is not None
        and not {b"set-cookie", b"strict-transport-security", b"access-control-allow-origin"}
        & {name for name, _ in answer.headers}
    )


def test_click_redirects_and_is_written_down(ask: Asking) -> None:
    answer = ask(CLICK_PATH)
    assert answer.status == 302
    assert answer.header("location") == URL
    assert answer.header("content-length") == "0"
    assert answer.body == b""
    assert has_the_common_headers(answer)
    assert ask.hits == [CLICK_HIT]


def test_click_behind_an_app_path_redirects_too(ask: Asking) -> None:
    assert ask(f"/c/shop/product-7/{CLICK_TEXT}").header("location") == URL
    assert ask.hits == [CLICK_HIT]


def test_a_query_added_on_the_way_changes_nothing(ask: Asking) -> None:
    assert ask(f"{CLICK_PATH}?url=https://evil.example/&fbclid=1").header("location") == URL
    assert ask.hits == [CLICK_HIT]


def test_open_gets_the_pixel_and_is_written_down(ask: Asking) -> None:
    answer = ask(OPEN_PATH)
    assert answer.status == 200
    assert answer.header("content-type") == "image/gif"
    assert answer.header("content-length") == "43"
    assert answer.body.startswith(b"GIF89a\x01\x00\x01\x00")
    assert len(answer.body) == 43
    assert has_the_common_headers(answer)
    assert ask.hits == [OPEN_HIT]


@pytest.mark.parametrize("path", [CLICK_PATH, OPEN_PATH, "/", "/robots.txt", "/healthz", "/c/forged", "/x"])
def test_head_has_the_headers_of_get_and_no_body(ask: Asking, path: str) -> None:
    get, head = ask(path), ask(path, method="HEAD")
    assert (head.status, head.headers, head.body) == (get.status, get.headers, b"")
    assert [hit.method for hit in ask.hits] in ([], ["GET", "HEAD"])


def test_recipients_of_a_shared_copy_are_not_told_apart(ask: Asking) -> None:
    ask("/c/" + seal(replace(CLICK, recipient=None), RING.sealing(0)))
    assert ask.hits == [replace(CLICK_HIT, recipient=None)]


def test_spaces_of_a_destination_are_escaped(ask: Asking) -> None:
    answer = ask("/c/" + seal(replace(CLICK, url="https://e.example/a b?c d"), RING.sealing(0)))
    assert answer.header("location") == "https://e.example/a%20b?c%20d"
    assert ask.hits[0].url == "https://e.example/a b?c d"


@pytest.mark.parametrize(
    "path",
    [
        "/c/forged",
        "/c/" + CLICK_TEXT[:-1],
        "/c/" + CLICK_TEXT + "A",
        "/c/" + CLICK_TEXT.swapcase(),
        "/c/" + OPEN_TEXT,
        "/c/" + CLICK_TEXT + "/",
        "/c/" + CLICK_TEXT + "%0d%0aset-cookie:a=b",
        "/c/https://evil.example/",
        "/c//evil.example",
        "/c/?url=https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/<script>alert(1)</script>",
        "/c/" + "A" * 5000,
        "/C/" + CLICK_TEXT,
        "/.well-known/security.txt",
    ],
)
def test_anything_else_is_not_found_without_an_echo(ask: Asking, path: str) -> None:
    answer = ask(path)
    assert answer.status == 404
    assert answer.header("location") is None
    assert answer.header("content-type") == "text/html; charset=utf-8"
    assert has_the_common_headers(answer)
    assert answer.body == ask("/nothing").body
    assert ask.hits == []


@pytest.mark.parametrize("path", ["/o/forged", "/o/" + OPEN_TEXT[1:], "/o/" + CLICK_TEXT, "/o/" + "A" * 5000])
def test_unknown_pixel_looks_like_a_known_one(ask: Asking, path: str) -> None:
    unknown = ask(path)
    assert ask.hits == []
    assert unknown == ask(OPEN_PATH)


def test_links_of_a_revoked_key_are_dead_and_those_of_an_older_key_are_not() -> None:
    rotated = RING.rotate(b"2" * 32, now=0, seals_from=0)
    assert Asking(ring=rotated)(CLICK_PATH).status == 302
    assert Asking(ring=rotated.revoke(1))(CLICK_PATH).status == 404


def test_links_work_on_any_host(ask: Asking) -> None:
    for given_host, kept in (
        (b"OTHER.Example.:8443", "other.example"),
        (b"192.0.2.1:80", "192.0.2.1"),
        (b"[2001:db8::1]:80", "[2001:db8::1]"),
        (b"localhost:8080", "localhost"),
        (b"under_score.example", "under_score.example"),
    ):
        assert ask(CLICK_PATH, headers=[(b"host", given_host)]).status == 302
        assert ask.hits[-1].host == kept


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "get"])
@pytest.mark.parametrize("path", [CLICK_PATH, OPEN_PATH, "/", "/nothing", "*"])
def test_other_methods_are_not_allowed(ask: Asking, method: str, path: str) -> None:
    answer = ask(path, method=method)
    assert answer.status == 405
    assert answer.header("allow") == "GET, HEAD"
    assert has_the_common_headers(answer)
    assert ask.hits == []


def test_refusals_close_the_connection_and_are_not_written_down(ask: Asking) -> None:
    answer = ask(CLICK_PATH, headers=[])
    assert answer.status == 400
    assert answer.header("connection") == "close"
    assert has_the_common_headers(answer)
    assert ask.hits == []


@pytest.mark.parametrize(
    "header", [(b"content-length", b"5"), (b"transfer-encoding", b"chunked"), (b"upgrade", b"websocket")]
)
def test_what_follows_a_request_unread_ends_the_connection(ask: Asking, header: tuple[bytes, bytes]) -> None:
    host = (b"host", b"track.example.com")
    assert ask(CLICK_PATH, headers=[host, header]).header("connection") == "close"
    assert ask(CLICK_PATH, headers=[host]).header("connection") is None


def test_a_tunnel_that_was_asked_for_is_closed(ask: Asking) -> None:
    assert ask("*", method="CONNECT").header("connection") == "close"
    assert ask("*", method="OPTIONS").header("connection") is None


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (BlockKind.LINK, URL),
        (BlockKind.HOST, "*.example.com"),
        (BlockKind.MESSAGE, MESSAGE),
        (BlockKind.PROJECT, "3"),
    ],
)
def test_a_blocked_click_gets_a_page_that_does_not_say_where_it_led(
    kind: BlockKind, value: str, method: str
) -> None:
    page = OperatorPage(operator="Example <Mail>", abuse_contact="abuse@example.net")
    ask = Asking(blocks=blocking(kind, value), page=page)
    answer = ask(CLICK_PATH, method=method)
    assert (answer.status, answer.header("location"), answer.header("cache-control")) == (
        410,
        None,
        "no-store",
    )
    assert ask.hits == []
    assert ask.blocked == [CLICK]
    if method == "GET":
        text = answer.body.decode()
        assert "switched off by Example &lt;Mail&gt;" in text
        assert "mailto:abuse@example.net" in text
        assert not any(word in text for word in ("example.com", "phishing", MESSAGE))
    else:
        assert answer.body == b""


def test_a_block_stops_no_other_click_and_no_open() -> None:
    ask = Asking(blocks=blocking(BlockKind.LINK, URL + "0"))
    assert ask(CLICK_PATH).status == 302
    ask = Asking(blocks=blocking(BlockKind.MESSAGE, MESSAGE))
    assert ask(OPEN_PATH).header("content-type") == "image/gif"
    assert ask.hits == [OPEN_HIT]
    assert ask.blocked == []


def test_journal_that_fails_fails_no_click(caplog: pytest.LogCaptureFixture) -> None:
    def broken(hit: Hit) -> Never:
        raise OSError("disk is gone")

    answer = Asking(record=broken)(CLICK_PATH)
    assert (answer.status, answer.header("location")) == (302, URL)
    assert Asking(record=broken)(OPEN_PATH).status == 200
    assert [record.getMessage() for record in caplog.records] == [
        f"click of message {MESSAGE} was not written down",
        f"open of message {MESSAGE} was not written down",
    ]
    assert "disk is gone" in caplog.text


def test_a_click_is_written_down_before_it_is_answered(ask: Asking) -> None:
    ask(CLICK_PATH)
    assert ask.hits_at_answer == [1]


@pytest.mark.parametrize(("path", "status"), [(CLICK_PATH, 302), (OPEN_PATH, 200)])
@pytest.mark.parametrize("safe", [True, False])
def test_a_hit_is_on_the_disk_before_it_is_answered(path: str, status: int, safe: bool) -> None:
    seen: list[tuple[int, int]] = []

    async def on_disk() -> bool:
        seen.append((len(ask.hits), len(ask.hits_at_answer)))
        return safe

    ask = Asking(on_disk=on_disk)
    assert ask(path).status == status
    assert seen == [(1, 0)]
    outcomes = {
        sample.labels["outcome"]: sample.value
        for family in ask.registry.collect()
        for sample in family.samples
        if sample.name == "waypost_tracker_requests_total" and sample.value
    }
    assert outcomes == ({"answered": 1} if safe else {"unrecorded": 1})


def test_what_is_not_recorded_waits_for_no_disk() -> None:
    async def on_disk() -> bool:
        raise AssertionError

    ask = Asking(on_disk=on_disk)
    assert [ask(path).status for path in ("/c/forged", "/o/forged", "/healthz")] == [404, 200, 200]


def test_logs_hold_no_token(ask: Asking, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for path in (CLICK_PATH, OPEN_PATH, "/c/" + CLICK_TEXT[:-1], "/nothing"):
        ask(path)
    assert [record for record in caplog.records if record.name != "asyncio"] == []


def test_robots_are_kept_out_and_health_is_told(ask: Asking) -> None:
    robots = ask("/robots.txt")
    assert robots.body == b"User-agent: *\nDisallow: /\n"
    assert robots.header("content-type") == "text/plain; charset=utf-8"
    assert (ask("/healthz").status, ask("/healthz").body) == (200, b"ok\n")
    assert has_the_common_headers(robots)


@given(st.text(max_size=200), st.sampled_from(["", "/", "/c/", "/o/", "/c/a/"]))
def test_no_path_raises_or_leads_anywhere(path: str, prefix: str) -> None:
    ask = Asking()
    answer = ask(prefix + path)
    assert answer.status in (200, 404)
    assert answer.header("location") is None
    assert ask.hits == []


@given(st.text(st.characters(codec="ascii"), max_size=300).map("https://e.example/".__add__))
def test_what_is_sealed_is_where_it_leads(url: str) -> None:
    try:
        token = seal(ClickToken(project=1, message=MESSAGE, recipient=None, link=1, url=url), RING.sealing(0))
    except ValueError:
        return
    location = Asking()("/c/" + token).header("location")
    assert location == url.replace(" ", "%20")
    assert location.isprintable()


@pytest.mark.parametrize(
    ("precision", "kept"),
    [
        (AddressPrecision.FULL, "203.0.113.9"),
        (AddressPrecision.TRUNCATED, "203.0.113.0/24"),
        (AddressPrecision.NONE, ""),
    ],
)
def test_of_an_address_so_much_is_written_down_as_its_project_says(
    precision: AddressPrecision, kept: str
) -> None:
    asked: list[int] = []

    def addresses(project: int) -> AddressPrecision:
        asked.append(project)
        return precision

    ask = Asking(privacy=ReaderPrivacy(addresses=addresses))
    ask(CLICK_PATH)
    assert ask.hits == [replace(CLICK_HIT, address=kept)]
    assert asked == [CLICK_HIT.project]


OBJECTIONS = [(b"sec-gpc", b"1"), (b"dnt", b"1")]
HOST = (b"host", b"track.example.com")


@pytest.mark.parametrize("signal", OBJECTIONS)
@pytest.mark.parametrize("path", [CLICK_PATH, OPEN_PATH])
def test_whoever_objects_is_answered_alike_whatever_is_written_down(
    path: str, signal: tuple[bytes, bytes]
) -> None:
    answers = [
        Asking(privacy=ReaderPrivacy(signals=signals))(path, headers=(HOST, signal)) for signals in Signals
    ]
    assert all(answer == Asking()(path) for answer in answers)


@pytest.mark.parametrize("signal", OBJECTIONS)
def test_an_objection_is_ignored_obeyed_in_part_or_in_full(signal: tuple[bytes, bytes]) -> None:
    agent = (b"user-agent", b"Mozilla/5.0 (X11)")

    def written(signals: Signals) -> list[Hit]:
        ask = Asking(privacy=ReaderPrivacy(signals=signals))
        ask(CLICK_PATH, headers=(HOST, signal, agent))
        return ask.hits

    assert written(Signals.IGNORE) == [replace(CLICK_HIT, user_agent="Mozilla/5.0 (X11)")]
    assert written(Signals.ANONYMOUS) == [replace(CLICK_HIT, recipient=None, address="", user_agent=WITHHELD)]
    assert written(Signals.SKIP) == []


@pytest.mark.parametrize("signal", [(b"sec-gpc", b"0"), (b"dnt", b"0"), (b"dnt", b"null"), (b"sec-gpc", b"")])
@pytest.mark.parametrize("signals", Signals)
def test_another_value_is_no_objection(signals: Signals, signal: tuple[bytes, bytes]) -> None:
    ask = Asking(privacy=ReaderPrivacy(signals=signals))
    ask(CLICK_PATH, headers=(HOST, signal))
    assert ask.hits == [CLICK_HIT]


def test_one_that_is_skipped_is_counted_as_such(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    ask = Asking(privacy=ReaderPrivacy(signals=Signals.SKIP))
    ask(CLICK_PATH, headers=(HOST, (b"sec-gpc", b"1")))
    assert outcomes_of(ask) == {("click", "objected"): 1}
    assert "203.0.113.9" not in caplog.text
