import re

import pytest

from tests.accounts.memory_logins import hash_quickly
from tests.web.api_server import Api
from tests.web.browser import Browser, signed_in

pytest.importorskip("jinja2", reason="jinja2 is not installed")

HTML = "<script>alert(1)</script>\"'><b>&amp;{{7*7}}"
P = "/p/default/accounts"


@pytest.fixture
def browser(operator: Api) -> Browser:
    return signed_in(operator)


def test_a_project_is_changed_whole(browser: Browser, operator: Api) -> None:
    fields = {
        "tracking": "observe",
        "unknown_senders": "off",
        "networks": "192.0.2.7\n198.51.100.0/24",
        "recipients": "anonymous",
        "event_days": "90",
        "message_days": "",
    }
    assert browser.submit(P, P, fields).location == P
    shown = browser.get(P)
    assert "The project is changed" in shown.text
    assert "The project is changed" not in browser.get(P).text
    changed = operator.get("/projects/default")
    assert changed["tracking"] == "observe"
    assert changed["unknown_senders"] is False
    assert changed["networks"] == ["192.0.2.7/32", "198.51.100.0/24"]
    assert changed["privacy"]["event_days"] == 90
    browser.submit(P, P, {**fields, "tracking": "", "networks": "192.0.2.7"})
    changed = operator.get("/projects/default")
    assert (changed["tracking"], changed["networks"]) == (None, ["192.0.2.7/32"])


def test_what_is_refused_is_shown_again_as_it_was_typed(browser: Browser, operator: Api) -> None:
    before = operator.get("/projects/default")
    for wrong, told in (
        ({"networks": "0.0.0.0/0"}, "would be an open relay"),
        ({"networks": HTML}, "write it as 192.0.2.0/24"),
        ({"tracking": HTML}, "is none of off, observe, on"),
        ({"unknown_senders": "perhaps"}, "is none of on, off"),
        ({"event_days": "-1"}, "is no whole number"),
        ({"event_days": "9" * 40}, "is no whole number"),
        ({"event_days": "999999"}, "is no number of days"),
    ):
        shown = browser.submit(P, P, {"message_days": "17", **wrong})
        assert shown.status == 422
        assert told in shown.text
        assert 'value="17"' in shown.html
        assert "<script>alert" not in shown.html
    assert operator.get("/projects/default") == before


def test_a_credentials_password_is_shown_once(browser: Browser, operator: Api) -> None:
    path = f"{P}/credentials"
    shown = browser.submit(path, path, {"label": HTML, "messages_per_minute": "30"})
    assert shown.status == 201
    password = re.search(r"<code>(waypost_smtp_\w+)</code>", shown.html)
    assert password
    listed = browser.get(path)
    assert password[1] not in listed.html
    assert "<script>alert" not in listed.html
    [credential] = operator.get("/credentials")["data"]
    assert credential["label"] == HTML
    assert credential["messages_per_minute"] == 30
    username = credential["username"]
    asked = browser.get(f"{path}/{username}/revoke")
    assert f"Revoke {username}?" in asked.text
    assert browser.send(f"{path}/{username}/revoke", {"csrf": asked.form_token}).location == path
    assert "is revoked" in browser.get(path).text
    assert operator.get("/credentials")["data"] == []
    assert browser.ask("GET", f"/p/shop/accounts/credentials/{username}/revoke").status == 404
    assert password[1] not in browser.get("/p/default/audit").html
    assert "<script>alert" not in browser.get("/p/default/audit").html


def test_routes_are_added_changed_and_removed(browser: Browser, operator: Api) -> None:
    path = f"{P}/routes"
    assert browser.submit(path, path, {"name": "Bills", "clicks": "off"}).location == path
    again = browser.submit(path, path, {"name": "bills", "clicks": "off"})
    assert (again.status, "already" in again.text) == (422, True)
    assert 'value="bills"' in again.html
    assert browser.submit(f"{path}/bills", f"{path}/bills", {"opens": "on"}).location == path
    [route] = operator.get("/routes")["data"]
    assert (route["clicks"], route["opens"]) == (None, True)
    assert browser.submit(f"{path}/bills/remove", f"{path}/bills/remove", {}).location == path
    assert operator.get("/routes")["data"] == []
    assert browser.ask("GET", f"{path}/bills").status == 404


def test_api_keys_are_made_and_revoked_each_where_it_belongs(browser: Browser, operator: Api) -> None:
    for path, other in ((f"{P}/api-keys", "/api-keys"), ("/api-keys", f"{P}/api-keys")):
        shown = browser.submit(path, path, {"label": HTML, "scope": "write"})
        key = re.search(r"<code>(waypost_api_(\w{8})_\w+)</code>", shown.html)
        assert key
        assert Api(port=operator.port, run=operator.run, token=key[1]).get("/routes")["data"] == []
        listed = browser.get(path).html
        assert key[1] not in listed
        assert "<script>alert" not in listed
        assert browser.ask("GET", f"{other}/{key[2]}/revoke").status == 404
        assert browser.submit(path, f"{other}/{key[2]}/revoke", {}).status == 404
        assert browser.submit(path, f"{path}/{key[2]}/revoke", {}).location == path
        refused = Api(port=operator.port, run=operator.run, token=key[1]).ask("GET", "/routes")
        assert refused.code == "wrong_key"


def test_projects_come_and_go(browser: Browser, operator: Api) -> None:
    added = browser.submit("/projects", "/projects", {"name": "Bakery"})
    assert added.location == "/p/bakery/accounts"
    assert "bakery" in browser.get("/p/default").text
    assert browser.submit("/projects", "/projects", {"name": HTML}).status == 422
    operator.post("/tracking-domains?project=bakery", {"name": "track.example.com"})
    kept = browser.submit("/projects", "/projects/bakery/remove", {})
    assert (kept.status, "still has the tracking domains track.example.com" in kept.text) == (422, True)
    operator.ask("DELETE", "/tracking-domains/track.example.com?project=bakery")
    assert browser.submit("/projects", "/projects/bakery/remove", {}).location == "/projects"
    assert browser.ask("GET", "/p/bakery").status == 404


def test_an_admin_of_the_installation_manages_people(
    browser: Browser, operator: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    hash_quickly(monkeypatch)
    shown = browser.submit("/people", "/people", {"name": "alice", "scope": "write", "project": "shop"})
    password = re.search(r"<dt>Password</dt><dd><span class=\"copied\"><code>([^<]+)</code>", shown.html)
    assert password
    alice = Browser(port=operator.port)
    assert alice.submit("/sign-in", "/sign-in", {"name": "alice", "password": password[1]}).location == "/"
    assert alice.ask("GET", "/people").status == 403
    assert "alice shop write" in browser.get("/people").text
    browser.submit("/people", "/people/alice/password", {})
    assert alice.ask("GET", "/p/shop").location.startswith("/sign-in")
    assert browser.submit("/people", "/people", {"name": HTML}).status == 422
    assert browser.submit("/people", "/people/alice/remove", {}).location == "/people"
    assert "alice shop" not in browser.get("/people").text
    assert browser.ask("GET", "/people/alice/remove").status == 404
    assert "alice" not in operator.run("user", "list").output


def test_people_change_their_own_password(operator: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    hash_quickly(monkeypatch)
    old, new = "four words on paper", "another four words"
    operator.run("user", "add", "alice", "--project", "shop", "--password-file", "-", input=old)
    alice = Browser(port=operator.port)
    alice.submit("/sign-in", "/sign-in", {"name": "alice", "password": old})
    page = "/p/shop/password"
    for wrong in (
        {"current": "wrong", "password": new, "again": new},
        {"current": old, "password": new, "again": "x"},
        {"current": old, "password": "short", "again": "short"},
        {"current": old},
    ):
        refused = alice.submit(page, page, wrong)
        assert refused.status == 422
        assert old not in refused.html
        assert new not in refused.html
    assert alice.submit(page, page, {"current": old, "password": new, "again": new}).location == "/sign-in"
    assert alice.ask("GET", "/p/shop").location.startswith("/sign-in")
    assert alice.submit("/sign-in", "/sign-in", {"name": "alice", "password": new}).location == "/"
    assert signed_in(operator).ask("GET", "/p/shop/password").status == 403


def test_the_audit_log_is_for_admins_page_by_page(browser: Browser, operator: Api) -> None:
    for number in range(51):
        operator.post("/routes", {"name": f"r{number}"})
    first = browser.get("/p/default/audit")
    assert "added route r50" in first.text
    older = re.search(r'rel="next" href="([^"]+)"', first.html)
    assert older
    assert "added route r0" in browser.get(older[1].replace("&amp;", "&")).text
    assert "person admin" not in first.text
    everything = browser.get("/p/default/audit?all=yes").text
    assert "The whole installation" not in everything
    assert "default added route r50" in everything
    shop = signed_in(operator, "admin", "shop")
    assert shop.ask("GET", "/p/shop/audit?all=yes").status == 403
    assert "route" not in shop.get("/p/shop/audit").text.replace("Routes", "")
    assert browser.ask("GET", "/p/default/audit?before=x").status == 422
