"""An operator's way with a tracking domain, from nothing to the fallback, in a real browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.admin.conftest import Run
from tests.web.api_server import Api, served
from tests.web.test_tracking_domain_pages import HeldDns

pytest.importorskip("jinja2", reason="jinja2 is not installed")
pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import Page, expect

from tests.web.chromium import Watched, chromium

pytestmark = pytest.mark.long

NAME, PASSWORD = "ops", "a-long-one-for-the-walk-7"
HOST, OTHER, TARGET = "track.example.com", "links.example.com", "t.waypost.test"
FALLBACK = '[tracking]\ndefault_domain = "http://p{sid}.localhost:8080"\n'


@pytest.fixture
def dns() -> HeldDns:
    return HeldDns()


@pytest.fixture
def api(run: Run) -> Iterator[Api]:
    """An installation with a default of its own, and somebody who signs in."""
    settings = Path("waypost.toml")
    settings.write_text(settings.read_text() + FALLBACK)
    Path("password").write_text(PASSWORD)
    run("user", "add", NAME, "--scope", "admin", "--all-projects", "--password-file", "password")
    with served(run) as api:
        yield api


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def watched(browser: Any, api: Api) -> Iterator[Watched]:
    watched = Watched(browser, api.port)
    yield watched
    watched.page.context.close()
    assert watched.complaints == []


def sign_in(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def add(page: Page, name: str, kind: str = "Tracking") -> None:
    """Add a domain, which leads to its page."""
    page.get_by_role("link", name=f"{kind} domains", exact=True).click()
    page.get_by_role("link", name=f"New {kind.lower()} domain").click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def verdict(page: Page, state: str, name: str = HOST) -> None:
    """Verify now, and come back."""
    page.get_by_role("button", name="Verify now").click()
    expect(page.get_by_role("heading", name=f"Verdict: {state}")).to_be_visible()
    page.get_by_role("link", name=f"Back to {name}").click()
    expect(page.locator("dd .badge").first).to_have_text(state)


def test_the_life_of_a_domain(watched: Watched, dns: HeldDns) -> None:
    page = watched.page
    sign_in(page)
    add(page, HOST)
    expect(page.locator("dd .badge").first).to_have_text("pending")
    expect(page.get_by_text(f"{HOST}. CNAME {TARGET}.").first).to_be_visible()
    watched.is_well()
    verdict(page, "pending")
    expect(page.get_by_text(f"No DNS record for {HOST} was found.")).to_be_visible()
    watched.is_well()

    dns.add(HOST, "CNAME", TARGET)
    _rows_come_as_they_are_seen(page, dns)
    watched.is_well()
    page.get_by_role("link", name=f"Back to {HOST}").click()
    expect(page.locator("dd .badge", has_text="verified")).to_have_class("badge good")
    expect(page.locator("dd .badge", has_text="default")).to_be_visible()  # the first one by itself

    add(page, OTHER)
    expect(page.get_by_text("It cannot become the default while it is pending")).to_be_visible()
    dns.add(OTHER, "CNAME", TARGET)
    verdict(page, "verified", OTHER)
    page.get_by_role("button", name="Make it the default").click()
    expect(page.get_by_role("status")).to_have_text(f"{OTHER} is the default of the project.")

    add(page, "example.com", "Sending")
    expect(page.get_by_text(f"http://{OTHER}, since it is the project's default")).to_be_visible()
    page.get_by_label("Tracking domain", exact=True).fill(HOST)
    page.get_by_role("button", name="Link", exact=True).click()
    expect(page.get_by_text(f"http://{HOST}, since it is linked to it")).to_be_visible()
    watched.is_well()
    _it_fails_and_the_fallback_is_shown(page, dns)
    watched.is_well()
    _it_is_removed(page, watched)


def _rows_come_as_they_are_seen(page: Page, dns: HeldDns) -> None:
    dns.may_answer.clear()
    page.get_by_role("button", name="Verify now").click(no_wait_after=True)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Looking at {HOST}")
    expect(page.get_by_role("row")).to_have_count(1)
    expect(page.get_by_role("heading", name="Verdict")).to_have_count(0)
    dns.may_answer.set()
    expect(page.get_by_role("row", name="DNS")).to_contain_text(f"{TARGET} → 192.0.2.10")
    expect(page.get_by_role("heading", name="Verdict: verified")).to_be_visible()


def _it_fails_and_the_fallback_is_shown(page: Page, dns: HeldDns) -> None:
    dns.remove(HOST)
    page.get_by_role("link", name=HOST).click()
    verdict(page, "failed")
    expect(page.locator("dd .badge", has_text="failed")).to_have_class("badge bad")
    page.get_by_role("link", name="example.com", exact=True).click()
    expect(page.get_by_text(f"http://{OTHER}, since it is the project's default")).to_be_visible()
    expect(page.get_by_text(f"Its own, {HOST}, is passed over")).to_be_visible()
    dns.remove(OTHER)
    page.get_by_role("link", name="Tracking domains", exact=True).click()
    page.get_by_role("link", name=OTHER).click()
    verdict(page, "failed", OTHER)
    page.get_by_role("link", name="Sending domains", exact=True).click()
    page.get_by_role("link", name="example.com", exact=True).click()
    expect(page.get_by_text("since it is the default of the whole installation")).to_be_visible()


def _it_is_removed(page: Page, watched: Watched) -> None:
    page.get_by_role("definition").get_by_role("link", name=HOST).click()
    page.get_by_role("link", name="Remove it").click()
    expect(page.get_by_role("link", name="example.com", exact=True)).to_be_visible()
    watched.is_well()
    page.get_by_label("Unlink them").check()
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_role("status")).to_contain_text(f"{HOST} is removed.")


def focused(page: Page) -> str:
    """Return the words of what has the focus, which is seen."""
    found: list[str] = page.evaluate(
        """() => {
          const each = document.activeElement;
          if (each === document.body) return ["", ""];
          const words = each.labels?.length ? each.labels[0].textContent : each.textContent;
          return [words.trim(), getComputedStyle(each).outlineStyle];
        }"""
    )
    words, outline = found
    assert outline != "none", words
    return words


def tab_to(page: Page, words: str) -> None:
    """Press Tab until these have the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if focused(page) == words:
            return
    raise AssertionError(f"the keyboard never comes to {words!r}")


def test_by_keyboard_alone(watched: Watched, dns: HeldDns) -> None:
    page, keys = watched.page, watched.page.keyboard
    dns.add(HOST, "CNAME", TARGET)
    page.goto("/")
    expect(page.get_by_label("Name")).to_be_focused()
    keys.type(NAME)
    keys.press("Tab")
    keys.type(PASSWORD)
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("default")
    tab_to(page, "Skip to the page")
    tab_to(page, "Tracking domains")
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tracking domains")
    tab_to(page, "New tracking domain")
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("New tracking domain")
    tab_to(page, "Name")
    keys.type(HOST)
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(HOST)
    tab_to(page, "Verify now")
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Verdict: verified")).to_be_visible()
    tab_to(page, f"Back to {HOST}")
    keys.press("Enter")
    expect(page.locator("dd .badge").first).to_have_text("verified")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_for_everybody(browser: Any, api: Api, dns: HeldDns, scheme: Any) -> None:
    """A domain that is read as an attack, and one as long as names may be, are pages like any other."""
    operator, long = api.key(), ".".join(("a" * 63, "b" * 63, "c" * 63, "example.com"))
    dns.add(HOST, "CNAME", TARGET)
    for name in (HOST, long):
        operator.post("/tracking-domains", {"name": name})
        operator.ask("POST", f"/tracking-domains/{name}/verify")
    operator.post("/sending-domains", {"name": long, "tracking_domain": long})
    operator.post("/link-blocks", {"kind": "host", "value": long, "reason": "<script>alert(1)</script>"})
    watched = Watched(browser, api.port, color_scheme=scheme)
    page = watched.page
    page.goto("/sign-in")
    watched.is_well()
    sign_in(page)
    pages: list[str] = page.eval_on_selector_all("nav a", "links => links.map(each => each.pathname)")
    assert len(pages) >= 8
    for kind in ("tracking-domains", "sending-domains"):
        pages += (f"/p/default/{kind}/{path}" for path in ("new", long, f"{long}/remove"))
    pages += (f"/p/default/tracking-domains/{path}" for path in (HOST, f"{long}/rename", f"{long}/history"))
    operator.post("/credentials", {"label": "<b>" + "w" * 190})
    operator.post("/routes", {"name": "r" * 32})
    api.run("user", "add", f"{'p' * 60}@x.y", "--generate", "--project", "shop")
    pages += ("/projects", "/people", "/api-keys", "/p/default/audit?all=yes")
    of_accounts = ("credentials", "routes", "api-keys", f"routes/{'r' * 32}")
    pages += (f"/p/default/accounts/{path}" for path in of_accounts)
    for path in pages:
        page.goto(path)
        watched.is_well()
    page.context.close()
    assert watched.complaints == []
