"""What holds for every page that asks for a session, read from the application, so that none is forgotten."""

import re

import pytest

from tests.web.api_server import Api
from tests.web.browser import signed_in

pytest.importorskip("jinja2", reason="jinja2 is not installed")

from accounts.actors import Scope
from tests.web.browser import Browser
from web.dashboard.app import every_page
from web.dashboard.pages import NAVIGATION, OF_PROJECT, Page

CHANGES_NOTHING = {
    "/p/{project}/password": "one's own, for people of every scope; a key has none",
    "/p/{project}/preview": "shows what would become of a message, and keeps nothing",
}
"""POST pages that those may use who may only read, and why."""


def path_of(page: Page, project: str = "default") -> str:
    return re.sub(r"{\w+}", "1", page.path.replace("{project}", project))


def test_without_a_session_one_signs_in_first(nobody: Api) -> None:
    browser = Browser(port=nobody.port)
    pages = every_page()
    assert len(pages) > 25
    for page in pages:
        shown = browser.ask(page.method, path_of(page))
        assert shown.location.startswith("/sign-in"), page.path
        if page.method == "POST":
            assert browser.send(path_of(page), {"csrf": "x"}).location == "/sign-in", page.path


def test_with_the_other_projects_session_nothing_is_there(operator: Api) -> None:
    stranger = signed_in(operator, "admin", "shop")
    token = stranger.get("/p/shop").form_token
    for page in every_page():
        path = path_of(page)
        shown = stranger.send(path, {"csrf": token}) if page.method == "POST" else stranger.ask("GET", path)
        assert shown.status == (403 if page.installation else 404), (page.method, path)


def test_who_may_read_changes_nothing(operator: Api) -> None:
    for project in (None, "default"):
        reader = signed_in(operator, "read", project)
        token = reader.get("/p/default").form_token
        posts = [page for page in every_page() if page.method == "POST"]
        assert {page.path for page in posts} >= CHANGES_NOTHING.keys()
        for page in posts:
            assert page.scope is not Scope.READ or page.path in CHANGES_NOTHING, page.path
            if page.scope is not Scope.READ:
                assert reader.send(path_of(page), {"csrf": token}).status == 403, page.path


def test_who_may_read_is_shown_no_form_that_changes(operator: Api) -> None:
    reader = signed_in(operator, "read")
    harmless = {"/sign-out", *(path.replace("{project}", "default") for path in CHANGES_NOTHING)}
    for page in every_page():
        if page.method == "GET" and "{" not in page.path.removeprefix(OF_PROJECT):
            shown = reader.ask("GET", path_of(page))
            assert shown.status == (200 if page.scope is Scope.READ else 403) or page.path in CHANGES_NOTHING
            if shown.status == 200:
                forms = re.findall(r'<form method="post" action="([^"]+)"', shown.html)
                assert {*forms} <= harmless, page.path


def test_no_page_takes_a_form_without_the_sessions_token(operator: Api) -> None:
    browser = signed_in(operator)
    for page in every_page():
        if page.method == "POST":
            for fields in ({"csrf": ""}, {"csrf": "0" * 64}, {}):
                assert browser.send(path_of(page), fields).status == 403, page.path
    trail = operator.get("/audit-log")["data"]
    assert {each["kind"] for each in trail} <= {"API key", "project", "person"}


def test_the_navigation_leads_to_pages_and_says_where_one_is(operator: Api) -> None:
    browser = signed_in(operator)
    html = browser.get("/p/default").html
    links = re.findall(r'<li><a href="([^"]+)"', html)
    assert len(links) >= 4
    assert len(links) <= len(NAVIGATION)
    for link in links:
        shown = browser.get(link)
        assert re.search(rf'<a href="{re.escape(link)}" aria-current="page"', shown.html), link
        assert len(re.findall("<h1", shown.html)) == 1
    narrow = signed_in(operator, "read", "shop").get("/p/shop").html
    assert "/audit" not in narrow
    assert "link-blocks" not in narrow
