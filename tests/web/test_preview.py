import contextlib
import http.client
import time
from base64 import b64decode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest

from links.tracked_urls import is_tracked
from service.key_file import load_key_ring
from service.settings_file import load_settings
from tests.web.api_server import Answer, Api

MEDIA = "message/rfc822"
MAIL = (
    b"From: news@example.com\r\nSubject: offer\r\nContent-Type: text/html\r\n\r\n"
    b'<html><body><a href="https://example.com/offer">offer</a> <a href="mailto:a@example.com">us</a>'
    b"</body></html>\r\n"
)


def previewed(api: Api, mail: bytes, query: str = "", media: str = MEDIA) -> Answer:
    return api.ask("POST", f"/preview{query}", raw=mail, media=media)


def test_each_link_has_its_verdict_and_reason(operator: Api) -> None:
    answer = previewed(operator, MAIL)
    assert answer.status == 200
    shown = answer.body
    assert [(each["url"], each["tracked"], each["reason"]) for each in shown["links"]] == [
        ("https://example.com/offer", True, None),
        ("mailto:a@example.com", False, "not-http"),
    ]
    assert (shown["sending_domain"], shown["rewritten"]) == ("example.com", None)
    assert (shown["pixel"]["part"], shown["pixel"]["reason"]) == ("1", None)
    assert shown["parts"] == [{"part": "1", "content_type": "text/html", "reason": None}]


def test_what_is_asked_is_what_is_shown(operator: Api) -> None:
    operator.post("/sending-domains?project=shop", {"name": "shop.example"})
    on = quote("https://track.shop.example", safe="")
    shown = previewed(operator, MAIL, f"?project=shop&sender=shop.example&on={on}&rewritten=true").body
    assert (shown["base"], shown["sending_domain"]) == ("https://track.shop.example", "shop.example")
    rewritten = b64decode(shown["rewritten"])
    assert rewritten.startswith(b"From: news@example.com\r\n")
    assert b'href="https://track.shop.example/c/' in rewritten


def test_its_links_lead_nowhere(operator: Api) -> None:
    """Else whoever may read could make links to anywhere on a tracking domain."""
    shown = previewed(operator, MAIL, "?rewritten=true").body
    html = b64decode(shown["rewritten"]).decode()
    url = html.partition('href="')[2].partition('"')[0]
    assert url.startswith(shown["base"])
    assert not is_tracked(url, load_key_ring(load_settings(Path("waypost.toml"), {}).keys))


@pytest.mark.parametrize(
    "on", ["javascript:alert(1)", "https://", "track.example.com", "http://[", "//a.example"]
)
def test_links_are_on_no_such_thing(operator: Api, on: str) -> None:
    refused = previewed(operator, MAIL, f"?on={quote(on, safe='')}")
    assert (refused.status, refused.code) == (422, "invalid_name")


@pytest.mark.parametrize(
    "mail",
    [
        b"",
        b"\x00\xff\xfe",
        b"Content-Type: text/html; charset=\xff\r\n\r\n<a href='http://\xff.example/'>",
        b"From: \xff@\xfe\r\nContent-Type: \xfe/\xff\r\nX-Waypost-Track: \xff\r\n\r\n",
        b"Content-Type: text/html\r\n\r\n<a data-waypost-name='\xed\xa0\x80' href='http://a.example/\xed\xa0\x80'>",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        + b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" * 2000,
    ],
)
def test_whatever_comes_is_answered(operator: Api, mail: bytes) -> None:
    answer = previewed(operator, mail, "?rewritten=true")
    assert answer.status == 200, answer


def test_only_a_message_is_taken_and_none_too_long(operator: Api) -> None:
    for media in ("application/json", "text/plain", ""):
        refused = previewed(operator, MAIL, media=media)
        assert (refused.status, refused.code) == (415, "unsupported_media_type")
    assert previewed(operator, MAIL, media="Message/RFC822; charset=utf-8").status == 200
    large = MAIL.replace(b"</body>", b"<p>" + b"x" * 2_000_000 + b"</p></body>")
    assert previewed(operator, large).body["links"][0]["tracked"] is True
    refused = previewed(operator, MAIL + b"x" * 25 * 1024 * 1024)
    assert (refused.status, refused.code) == (413, "too_large")


def test_many_at_once_are_answered_and_too_many_sent_away(operator: Api) -> None:
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: previewed(operator, MAIL), range(16)))
    assert {each.status for each in answers} == {200}
    with contextlib.ExitStack() as begun:
        for _ in range(12):  # some may come while one of ours is looked at, and be refused in its place
            client = http.client.HTTPConnection("127.0.0.1", operator.port, timeout=30)
            begun.enter_context(contextlib.closing(client))
            client.putrequest("POST", "/api/v1/preview")
            client.putheader("Authorization", f"Bearer {operator.token}")
            client.putheader("Content-Type", MEDIA)
            client.putheader("Content-Length", "10")
            client.endheaders(b"x")
        refused = eventually(lambda: previewed(operator, MAIL), lambda answer: answer.status == 429)
        assert refused.code == "too_many_at_once"
        assert previewed(operator.key("read", "shop"), MAIL).status == 200
    assert eventually(lambda: previewed(operator, MAIL), lambda answer: answer.status == 200).body["links"]


def eventually(asked: Callable[[], Answer], wanted: Callable[[Answer], bool]) -> Answer:
    """Ask until the answer is as wanted: the server learns in its own time of what others do."""
    end = time.monotonic() + 20
    while not wanted(answer := asked()):
        assert time.monotonic() < end, answer
        time.sleep(0.02)
    return answer


def test_nothing_of_it_is_kept(operator: Api, caplog: pytest.LogCaptureFixture) -> None:
    previewed(operator, MAIL.replace(b"offer", b"sesame"))
    assert "sesame" not in caplog.text
    for file in Path().rglob("*"):
        assert not file.is_file() or b"sesame" not in file.read_bytes(), file
