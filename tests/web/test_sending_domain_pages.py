"""The dashboard's pages of sending domains, and of blocked links."""

import re

import pytest

from tests.dns_server import DnsServer
from tests.web.api_server import Api
from tests.web.browser import Browser, Shown, signed_in
from tests.web.test_tracking_domain_pages import EVIL, HOST, badges, browser, done, verified

__all__ = ["browser"]

NAME = "example.com"
LIST = "/p/default/sending-domains"
PAGE = f"{LIST}/{NAME}"
BLOCKS = "/link-blocks"


@pytest.fixture
def page(browser: Browser) -> Shown:
    """That of a new one."""
    return browser.get(browser.submit(f"{LIST}/new", LIST, {"name": "Example.com"}).location)


def test_it_is_proven_by_a_record(browser: Browser, page: Shown, dns: DnsServer) -> None:
    assert "example.com is there" in page.text
    assert ("waiting", "unverified") in badges(page)
    proof = re.search(r'data-copy="(waypost-verify=\w+)"', page.html)
    assert proof
    unseen = browser.submit(PAGE, f"{PAGE}/verify", {})
    assert (unseen.status, "There is no TXT record at _waypost.example.com" in unseen.text) == (200, True)
    dns.add("_waypost.example.com", "TXT", f'"{proof[1]}"')
    page = done(browser, PAGE, f"{PAGE}/verify")
    assert ("good", "verified") in badges(page)
    assert "It may be deleted" in page.text
    assert ("good", "verified") in badges(browser.get(LIST))


def test_what_new_mail_uses_follows_the_order_of_choice(
    browser: Browser, page: Shown, dns: DnsServer
) -> None:
    assert "no host: there is no default either" in page.text
    verified(browser, dns)
    assert f"http://{HOST} , since it is the project's default" in browser.get(PAGE).text
    other = "links.example.com"
    browser.submit("/p/default/tracking-domains/new", "/p/default/tracking-domains", {"name": other})
    page = done(browser, PAGE, f"{PAGE}/link", tracking_domain=other)
    assert f"Mind: {other} is pending" in page.text
    assert f"Its own, {other}, is passed over" in page.text
    dns.add(other, "CNAME", "t.waypost.test")
    looked = f"/p/default/tracking-domains/{other}"
    browser.submit(looked, f"{looked}/verify", {})
    assert f"http://{other} , since it is linked to it" in browser.get(PAGE).text
    assert NAME in browser.get(looked).text
    page = done(browser, PAGE, f"{PAGE}/unlink")
    assert "uses the default again" in page.text
    assert "the project's default" in page.text


def test_a_link_to_nothing_is_refused(browser: Browser, page: Shown) -> None:
    refused = browser.submit(PAGE, f"{PAGE}/link", {"tracking_domain": "no.example.com"})
    assert refused.status == 404
    refused = browser.submit(PAGE, f"{PAGE}/link", {"tracking_domain": EVIL})
    assert (refused.status, EVIL in refused.html) == (422, False)


def test_settings_are_saved(browser: Browser, page: Shown) -> None:
    fields = {"tracking": "observe", "share": "25", "recipients": "none"}
    page = done(browser, PAGE, f"{PAGE}/settings", **fields)
    assert "observe , 25 % of its mail" in page.text
    assert "Recipients none" in page.text
    page = done(browser, PAGE, f"{PAGE}/settings", tracking="", share="100", recipients="")
    assert "what the project says, 100 %" in page.text
    for wrong in ({"share": "101"}, {"share": "½"}, {"share": "5", "tracking": "sometimes"}):
        assert browser.submit(PAGE, f"{PAGE}/settings", wrong).status == 422


def test_it_is_removed_after_a_question(browser: Browser, page: Shown) -> None:
    assert "Links in mail already sent live on" in browser.get(f"{PAGE}/remove").text
    assert "example.com is removed" in done(browser, f"{PAGE}/remove", f"{PAGE}/remove").text
    assert "There is none yet" in browser.get(LIST).text


def test_another_project_proves_what_is_unproven(browser: Browser, page: Shown, dns: DnsServer) -> None:
    theirs = "/p/shop/sending-domains"
    asked = browser.submit(f"{theirs}/new", theirs, {"name": NAME})
    proof = re.search(r"(waypost-verify=\w+)", asked.text)
    assert proof
    dns.add(f"_waypost.{NAME}", "TXT", f'"{proof[1]}"')
    assert browser.submit(f"{theirs}/new", theirs, {"name": NAME}).location == f"{theirs}/{NAME}"
    assert browser.ask("GET", PAGE).status == 404


def test_a_subdomain_of_another_projects_is_disputed(browser: Browser, page: Shown) -> None:
    theirs = "/p/shop/sending-domains"
    sent = browser.submit(f"{theirs}/new", theirs, {"name": f"news.{NAME}"})
    shown = browser.get(sent.location)
    assert ("bad", "disputed") in badges(shown)
    assert "is another project's" in shown.text


def test_a_list_is_searched_and_paged(
    browser: Browser, operator: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.dashboard.sending_domains.PAGE", 2)
    for number in range(3):
        operator.post("/sending-domains", {"name": f"n{number}.example"})
    first = browser.get(f"{LIST}?search=N")
    following = re.search(r'rel="next" href="([^"]*)"', first.html)
    assert following
    assert "n2.example" in browser.get(following[1].replace("&amp;", "&")).text
    assert "No sending domain fits" in browser.get(f"{LIST}?search=nothing").text


def test_nothing_of_another_project_is_touched(browser: Browser, page: Shown, operator: Api) -> None:
    stranger = signed_in(operator, project="shop")
    mine = f"/p/shop/sending-domains/{NAME}"
    for path in (PAGE, LIST, mine, f"{mine}/remove"):
        assert stranger.ask("GET", path).status == 404, path
    token = stranger.get("/p/shop/sending-domains/new").form_token
    fields = {"csrf": token, "tracking_domain": HOST, "share": "5"}
    for act in ("verify", "link", "unlink", "settings", "remove"):
        assert stranger.send(f"{mine}/{act}", fields).status == 404, act
        assert stranger.send(f"{PAGE}/{act}", fields).status == 404, act
    reader = signed_in(operator, scope="read")
    shown = reader.get(PAGE)
    assert re.findall(r'action="([^"]*)"', shown.html) == ["/choose", "/sign-out"]
    for act in ("verify", "link", "unlink", "settings", "remove"):
        assert reader.send(f"{PAGE}/{act}", {"csrf": shown.form_token}).status == 403, act
    assert reader.ask("GET", BLOCKS).status == 403
    assert stranger.ask("GET", BLOCKS).status == 403
    assert stranger.send(BLOCKS, {"csrf": token, "kind": "host", "value": "a.example"}).status == 403


def test_links_are_blocked_and_unblocked(browser: Browser) -> None:
    assert "Nothing is blocked" in browser.get(BLOCKS).text
    fields = {"kind": "host", "value": "*.Evil.example", "reason": EVIL}
    page = done(browser, BLOCKS, BLOCKS, **fields)
    assert "Blocked: host *.evil.example" in page.text
    assert EVIL not in page.html
    page = done(browser, BLOCKS, BLOCKS, kind="project", value="shop")
    assert "Blocked: project shop" in page.text
    number = re.search(
        r'name="kind" value="project">\s*<input type="hidden" name="value" value="(\d+)"', page.html
    )
    assert number
    page = done(browser, BLOCKS, f"{BLOCKS}/unblock", kind="project", value=number[1])
    assert "No longer blocked" in page.text
    for kind, value, status in (
        ("host", "https://evil.example/", 422),
        ("odd", "x", 422),
        ("message", "x", 422),
        ("project", "no-such", 404),
    ):
        assert browser.submit(BLOCKS, BLOCKS, {"kind": kind, "value": value}).status == status, kind
    assert browser.submit(BLOCKS, f"{BLOCKS}/unblock", {"kind": "project", "value": "x"}).status == 422
    page = done(browser, BLOCKS, f"{BLOCKS}/unblock", kind="host", value="*.evil.example")
    assert "Nothing is blocked" in page.text


def test_many_blocks_are_shown_page_by_page(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.dashboard.link_blocks.PAGE", 1)
    for host in ("a.example", "b.example"):
        browser.submit(BLOCKS, BLOCKS, {"kind": "host", "value": host})
    first = browser.get(BLOCKS)
    assert f'href="{BLOCKS}?from=1"' in first.html
    assert ("b.example" in first.text, "a.example" in browser.get(f"{BLOCKS}?from=1").text) == (True, True)
