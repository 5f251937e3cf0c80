import html
import re

import pytest

from tests.running import free_port
from tests.web.api_server import Api
from tests.web.browser import Browser, Shown, signed_in
from tests.web.test_event_pages import EVIL, TEMPLATE, rows
from tests.web.test_webhooks import given_up

pytest.importorskip("jinja2", reason="jinja2 is not installed")

LIST = "/p/default/webhooks"
URL = "https://hooks.example.com/in?token=hunter2"


def secret_of(shown: Shown) -> str:
    assert shown.status == 200, shown
    [secret] = {*re.findall(r"whsec_[\w+/=]+", html.unescape(shown.html))}
    return secret


def added(browser: Browser, **fields: str) -> tuple[str, str]:
    """Return the address of a webhook's page, and its secret."""
    shown = browser.submit(f"{LIST}/new", f"{LIST}/new", {"url": URL, **fields})
    number = re.search(r"webhooks/([0-9a-f]{12})", shown.html)
    assert number, shown
    return f"{LIST}/{number[1]}", secret_of(shown)


def test_the_whole_life_of_a_webhook(operator: Api) -> None:
    browser = signed_in(operator)
    assert "No webhook is told of this project." in browser.get(LIST).text
    path, secret = added(browser, kind="click", label="crm")
    assert rows(browser.get(LIST)) == ["https://hooks.example.com/in?… crm click active"]
    shown = browser.get(path)
    assert "State active" in shown.text
    assert "Told of this project: click" in shown.text
    assert "Nothing was sent to it yet." in shown.text
    for page in (LIST, path, f"{path}/remove", "/p/default/webhooks/new"):
        assert secret not in browser.get(page).html
        assert "hunter2" not in browser.get(page).html
    assert browser.submit(path, f"{path}/pause", {}).location == path
    paused = browser.get(path)
    assert "It is paused; what happens meanwhile waits for it." in paused.text
    assert "by hand" in paused.text
    assert browser.submit(path, f"{path}/resume", {}).location == path
    other = secret_of(browser.submit(path, f"{path}/rotate", {"grace": "86400"}))
    assert other != secret
    assert "Former secret signs too until" in browser.get(path).text
    secret_of(browser.submit(path, f"{path}/rotate", {"grace": "0"}))
    assert "Former secret" not in browser.get(path).text
    assert browser.submit(path, f"{path}/rotate", {"grace": "1"}).status == 422
    assert "Remove the webhook to https://hooks.example.com/in?… ?" in browser.get(f"{path}/remove").text
    assert browser.submit(f"{path}/remove", f"{path}/remove", {}).location == LIST
    assert "is removed: it is told nothing more." in browser.get(LIST).text
    assert browser.ask("GET", path).status == 404
    assert [each["action"] for each in operator.get("/audit-log")["data"]].count("changed") >= 4


def test_what_is_no_webhook_is_refused_and_the_form_shown_again(operator: Api) -> None:
    browser = signed_in(operator)
    for fields, sentence in (
        ({"url": "http://hooks.example.com/", "label": "crm"}, "the URL must be https"),
        ({"url": "https://a:b@hooks.example.com/", "label": "crm"}, "no user or password"),
        ({"url": URL, "label": "crm", "kind": "all"}, "nothing of this kind is told"),
        ({"url": URL, "label": "crm" * 100}, "say what it is for in 200 characters"),
        ({"label": "crm"}, "the field 'url' is missing"),
    ):
        shown = browser.submit(f"{LIST}/new", f"{LIST}/new", fields)
        assert shown.status == 422
        assert sentence in html.unescape(shown.text)
        assert 'value="crm' in shown.html
    assert operator.get("/webhooks")["data"] == []


def test_a_test_says_what_came_of_it(operator: Api) -> None:
    browser = signed_in(operator)
    path, _ = added(browser, url=f"https://127.0.0.1:{free_port()}/in")
    shown = browser.submit(path, f"{path}/test", {})
    assert shown.status == 422
    assert "the test was not taken: " in shown.text
    assert "webhooks.allow_private" in shown.text


def test_deliveries_are_shown_page_by_page_and_sent_again(operator: Api) -> None:
    browser = signed_in(operator)
    path, _ = added(browser)
    ids = given_up(path.rpartition("/")[2], *range(30))
    shown = browser.get(f"{path}?state=failed")
    assert len(rows(shown)) == 25
    assert " failed " in rows(shown)[0]
    older = re.search(r'rel="next" href="([^"]+)"', shown.html)
    assert older
    assert len(rows(browser.get(html.unescape(older[1])))) == 5
    assert browser.submit(path, f"{path}/replay", {"delivery": ids[0]}).location == path
    assert "1 deliveries are sent again." in browser.get(path).text
    assert len(rows(browser.get(f"{path}?state=waiting"))) == 1
    assert browser.submit(path, f"{path}/replay", {}).location == path
    assert "29 deliveries are sent again." in browser.get(path).text
    assert "No delivery is in this state." in browser.get(f"{path}?state=failed").text
    assert browser.submit(path, f"{path}/replay", {"delivery": "msg_0"}).status == 404
    for beyond in ("x", "2026-01-01", "0001-01-01T00:00+14:00~x"):
        assert browser.ask("GET", f"{path}?beyond={beyond.replace('+', '%2B')}").status in (200, 404)


def test_others_see_and_touch_nothing(operator: Api) -> None:
    browser = signed_in(operator)
    path, _ = added(browser)
    of_all, _ = added(browser, all_projects="yes")
    assert "Told of all projects" in browser.get(LIST).text
    assert "Told of all projects: everything" in browser.get(of_all).text
    stranger = signed_in(operator, project="shop")
    assert "hooks.example.com" not in stranger.get("/p/shop/webhooks").html
    token = stranger.get("/p/shop/webhooks/new").form_token
    for each in (path, of_all):
        number = each.rpartition("/")[2]
        for page in ("", "/remove"):
            assert stranger.ask("GET", each + page).status == 404
            assert stranger.ask("GET", f"/p/shop/webhooks/{number}{page}").status == 404
        for act in ("test", "replay", "pause", "resume", "rotate", "remove"):
            fields = {"csrf": token, "grace": "0"}
            assert stranger.send(f"{each}/{act}", fields).status == 404
            assert stranger.send(f"/p/shop/webhooks/{number}/{act}", fields).status == 404
    taken = stranger.send("/p/shop/webhooks/new", {"csrf": token, "url": URL, "all_projects": "yes"})
    assert taken.status == 200
    assert len(operator.get("/webhooks?all_projects=true")["data"]) == 1
    assert {each["state"] for each in operator.get("/webhooks")["data"]} == {"active"}


def test_who_may_only_read_changes_nothing(operator: Api) -> None:
    path, _ = added(signed_in(operator))
    reader = signed_in(operator, "read")
    shown = reader.get(path)
    assert "<button>Pause" not in shown.html
    assert "New webhook" not in reader.get(LIST).html
    assert reader.ask("GET", f"{LIST}/new").status == 403
    for act in ("test", "replay", "pause", "resume", "rotate", "remove"):
        assert reader.send(f"{path}/{act}", {"csrf": shown.form_token, "grace": "0"}).status == 403
    assert operator.get("/webhooks")["data"][0]["state"] == "active"


def test_what_people_write_is_text_and_nothing_else(operator: Api) -> None:
    browser = signed_in(operator)
    path, _ = added(browser, label=EVIL + TEMPLATE)
    again = browser.submit(f"{LIST}/new", f"{LIST}/new", {"url": EVIL, "label": EVIL, "kind": EVIL})
    for shown in (browser.get(path), browser.get(LIST), browser.get(f"{path}/remove"), again):
        assert "<script>alert" not in shown.html
        assert "<img" not in shown.html
    assert TEMPLATE in browser.get(path).html
