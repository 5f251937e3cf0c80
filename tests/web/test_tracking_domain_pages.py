"""The dashboard's pages of tracking domains, as a browser without a script sees them."""

import contextlib
import http.client
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from certificates.model import Problem
from service.database import open_unattended
from service.settings_file import load_settings
from storage.certificate_store import SqlCertificateStore
from tests.admin.conftest import Run
from tests.certificates.builders import ACTIVE, CERTIFICATE
from tests.dns_server import DnsServer, Failure
from tests.web.api_server import Api, served
from tests.web.browser import Browser, Shown, signed_in

HOST, TARGET = "track.example.com", "t.waypost.test"
LIST = "/p/default/tracking-domains"
PAGE = f"{LIST}/{HOST}"
FAR: Final = datetime(2099, 1, 1, tzinfo=UTC)
EVIL = '<script>alert("x")</script>'


@pytest.fixture
def browser(operator: Api) -> Browser:
    return signed_in(operator)


def added(browser: Browser, name: str = HOST, **fields: str) -> Shown:
    """Add one by the form, and return its page."""
    sent = browser.submit(f"{LIST}/new", LIST, {"name": name, "https": "auto", **fields})
    return browser.get(sent.location)


def verified(browser: Browser, dns: DnsServer, name: str = HOST) -> Shown:
    """Add one that points here, and look at it."""
    dns.add(name, "CNAME", TARGET)
    added(browser, name)
    return browser.submit(f"{LIST}/{name}", f"{LIST}/{name}/verify", {})


def done(browser: Browser, page: str, act: str, **fields: str) -> Shown:
    """Send a form of a page that leads on, and follow."""
    return browser.get(browser.submit(page, act, fields).location)


def badges(shown: Shown) -> list[tuple[str, str]]:
    """Return their colours and words."""
    return re.findall(r'<span class="badge (\w+)">([^<]*)</span>', shown.html)


def test_from_nothing_to_the_default(browser: Browser, dns: DnsServer) -> None:
    assert "There is none yet" in browser.get(LIST).text
    page = added(browser, "Track.Example.com.")
    assert f"{HOST} is there" in page.text
    assert 'data-copy="track"' in page.html
    assert f'data-copy="{TARGET}"' in page.html
    assert f"{HOST}. CNAME {TARGET}." in page.text
    assert "cannot become the default while it is pending" in page.text
    assert "Cloudflare" in page.text
    assert ("waiting", "pending") in badges(page)

    looked = browser.submit(PAGE, f"{PAGE}/verify", {})
    assert (looked.status, "Verdict: pending" in looked.text) == (200, True)
    assert "Create this record" in looked.text
    assert ("bad", "no record") in badges(browser.get(PAGE))

    dns.add(HOST, "CNAME", TARGET)
    looked = browser.submit(PAGE, f"{PAGE}/verify", {})
    assert f"DNS {TARGET} → 192.0.2.10" in looked.text
    assert "Verdict: verified" in looked.text
    page = browser.get(PAGE)
    assert {("good", "verified"), ("none", "default"), ("good", "points here")} <= set(badges(page))
    assert f"http://{HOST}/…" in page.text
    assert "verified by hand" in page.text

    other = "links.example.com"
    verified(browser, dns, other)
    assert f"{other} is the default" in done(browser, f"{LIST}/{other}", f"{LIST}/{other}/default").text
    assert "Make it the default" in browser.get(PAGE).text


def test_what_is_not_verified_is_not_made_the_default(browser: Browser) -> None:
    added(browser)
    refused = browser.submit(PAGE, f"{PAGE}/default", {})
    assert (refused.status, "verify it before it becomes the default" in refused.text) == (422, True)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have pages of lists that are soon full."""
    monkeypatch.setattr("web.dashboard.tracking_domains.PAGE", 4)
    monkeypatch.setattr("web.dashboard.tracking_domains.ENTRIES", 2)


@pytest.mark.usefixtures("short")
def test_a_list_is_searched_filtered_and_paged(browser: Browser, operator: Api, dns: DnsServer) -> None:
    verified(browser, dns)
    for number in range(5):
        operator.post("/tracking-domains", {"name": f"n{number:02}.example.net"})
    first = browser.get(LIST)
    assert "n04.example.net" not in first.text
    following = re.search(r'rel="next" href="([^"]*)"', first.html)
    assert following
    second = browser.get(following[1])
    assert "n04.example.net" in second.text
    assert 'rel="next"' not in second.html
    assert HOST in browser.get(f"{LIST}?state=verified").text
    assert "n01" not in browser.get(f"{LIST}?state=verified").text
    assert "n03.example.net" in browser.get(f"{LIST}?search=N03").text
    assert "No tracking domain fits" in browser.get(f"{LIST}?search=nothing").text
    paged = browser.get(f"{LIST}?search=n&state=pending")
    assert re.search(r"search=n&amp;state=pending&amp;behind=", paged.html)
    assert browser.ask("GET", f"{LIST}?state=odd").status == 422


def test_a_mistake_in_the_name_shows_the_form_again(browser: Browser) -> None:
    for name, told in (("example.com", "root domain"), (EVIL, "path"), ("", "empty")):
        refused = browser.submit(f"{LIST}/new", LIST, {"name": name})
        assert (refused.status, told in refused.text) == (422, True), refused.text
        assert EVIL not in refused.html
    added(browser)
    assert "tracking domain already" in browser.submit(f"{LIST}/new", LIST, {"name": HOST}).text
    assert browser.submit(f"{LIST}/new", LIST, {"name": "a.example.com", "https": EVIL}).status == 422


def test_a_target_is_chosen_where_there_are_several(browser: Browser) -> None:
    assert "us.waypost.test" in browser.get(f"{LIST}/new").text
    assert f"{HOST}. CNAME us.waypost.test." in added(browser, target="us.waypost.test").text


def test_what_another_project_removed_is_taken_over_by_a_record(
    browser: Browser, operator: Api, dns: DnsServer
) -> None:
    verified(browser, dns)
    done(browser, f"{PAGE}/remove", f"{PAGE}/remove")
    theirs = "/p/shop/tracking-domains"
    asked = browser.submit(f"{theirs}/new", theirs, {"name": HOST})
    proof = re.search(r"(waypost-verify=\w+)", asked.text)
    assert proof
    dns.add(f"_waypost.{HOST}", "TXT", f'"{proof[1]}"')
    assert browser.submit(f"{theirs}/new", theirs, {"name": HOST}).location == f"{theirs}/{HOST}"


def test_renaming_starts_over(browser: Browser, dns: DnsServer) -> None:
    verified(browser, dns)
    assert "Verification and TLS start over" in browser.get(f"{PAGE}/rename").text
    page = done(browser, f"{PAGE}/rename", f"{PAGE}/rename", name="links.example.com")
    assert "links.example.com starts over" in page.text
    assert ("waiting", "pending") in badges(page)
    old = browser.get(PAGE)
    assert "It was removed" in old.text
    assert ("none", "retired") in badges(old)
    assert "/verify" not in old.html
    taken = browser.submit(
        f"{LIST}/links.example.com/rename", f"{LIST}/links.example.com/rename", {"name": "x"}
    )
    assert (taken.status, "no dot" in taken.text) == (422, True)
    unchanged = done(
        browser,
        f"{LIST}/links.example.com/rename",
        f"{LIST}/links.example.com/rename",
        name="links.example.com",
        target=TARGET,
    )
    assert "Nothing was changed" in unchanged.text


def test_another_target_starts_over(browser: Browser, dns: DnsServer) -> None:
    verified(browser, dns)
    page = done(browser, f"{PAGE}/rename", f"{PAGE}/rename", name=HOST, target="us.waypost.test")
    assert "starts over" in page.text
    assert f"target {TARGET} to us.waypost.test" in page.text


def test_a_linked_domain_is_removed_with_its_links(browser: Browser, operator: Api, dns: DnsServer) -> None:
    verified(browser, dns)
    operator.post("/sending-domains", {"name": "example.com", "tracking_domain": HOST})
    asked = browser.get(f"{PAGE}/remove")
    assert "/p/default/sending-domains/example.com" in asked.html
    refused = browser.submit(f"{PAGE}/remove", f"{PAGE}/remove", {})
    assert (refused.status, "is linked to example.com" in refused.text) == (422, True)
    removed = done(browser, f"{PAGE}/remove", f"{PAGE}/remove", unlink="yes")
    assert f"{HOST} is removed. Links in mail already sent work" in removed.text
    assert "Unlinked: example.com" in removed.text
    assert operator.get("/sending-domains/example.com")["tracking_domain"] is None
    assert "verified" in browser.get(f"{PAGE}/history").text


def test_https_is_set_on_the_page(browser: Browser) -> None:
    added(browser)
    page = done(browser, PAGE, f"{PAGE}/https", https="require")
    assert '<option value="require" selected>' in page.html
    assert browser.submit(PAGE, f"{PAGE}/https", {"https": "sometimes"}).status == 422


def test_where_domains_could_point_to_nothing_the_form_says_so_first(run: Run) -> None:
    settings = Path("waypost.toml")
    settings.write_text(re.sub("^cname_targets = .*$", "", settings.read_text(), flags=re.MULTILINE))
    with served(run) as api:
        browser = signed_in(api)
        assert "No host is set that tracking domains point to" in browser.get(f"{LIST}/new").text
        refused = browser.submit(f"{LIST}/new", LIST, {"name": HOST})
        assert (refused.status, "set domains.cname_targets" in refused.text) == (422, True)


def test_no_certificate_comes_where_none_are_issued(browser: Browser) -> None:
    page = added(browser)
    assert 'No certificates are issued here: tls.mode is off; set it to "acme".' in page.text
    assert "Order one now" not in page.text
    refused = browser.submit(PAGE, f"{PAGE}/certificate", {})
    assert (refused.status, "no certificates are issued here" in refused.text) == (422, True)


def test_its_certificate_is_shown_with_what_went_wrong(browser: Browser) -> None:
    added(browser)
    issued = replace(ACTIVE, host=HOST, certificate=replace(CERTIFICATE, issuer=EVIL, not_after=FAR))
    refused = Problem(type="caa", detail=EVIL, at=CERTIFICATE.not_before)
    with open_unattended(load_settings(None, {})) as engine:
        SqlCertificateStore(engine).put(replace(issued, problem=refused))
    page = browser.get(PAGE)
    assert ("good", "active") in badges(page)
    assert "2026-03-01 12:30:15 UTC to 2099-01-01 00:00:00 UTC" in page.text
    assert "Next order 2026-04-30 12:30:15 UTC" in page.text
    assert "forbids this certificate authority; its owner must add one" in page.text
    assert EVIL in page.text
    assert EVIL not in page.html
    assert ("good", "active") in badges(browser.get(LIST))


def multipart(token: str, **files: str) -> tuple[bytes, dict[str, str]]:
    parts = [f'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{token}\r\n']
    parts += [
        f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="x"\r\n\r\n{content}\r\n'
        for name, content in files.items()
    ]
    return ("".join(parts) + "--b--\r\n").encode(), {"Content-Type": "multipart/form-data; boundary=b"}


def test_files_for_apps_are_kept_shown_and_removed(browser: Browser) -> None:
    token = added(browser).form_token
    sent = browser.ask("POST", f"{PAGE}/files", *multipart(token, assetlinks=f'["{EVIL[:8]}"]'))
    page = browser.get(sent.location)
    assert "The files for apps are changed" in page.text
    assert "<script>" not in page.html
    assert "Remove assetlinks" in page.text
    refused = browser.ask("POST", f"{PAGE}/files", *multipart(token, assetlinks="{}"))
    assert (refused.status, "must be a list" in refused.text) == (422, True)
    assert browser.submit(PAGE, f"{PAGE}/files", {}).status == 422
    page = done(browser, PAGE, f"{PAGE}/files", **{"remove-assetlinks": "yes"})
    assert "There are none." in page.text


@pytest.mark.usefixtures("short")
def test_history_is_read_page_by_page(browser: Browser) -> None:
    added(browser)
    for number in range(4):
        browser.submit(PAGE, f"{PAGE}/https", {"https": ("require", "auto")[number % 2]})
    assert "All of it" in browser.get(PAGE).text
    first = browser.get(f"{PAGE}/history")
    following = re.search(r'rel="next" href="([^"]*)"', first.html)
    assert following
    assert "added" in browser.get(following[1]).text


def test_nothing_of_another_project_is_there(browser: Browser, operator: Api, dns: DnsServer) -> None:
    verified(browser, dns)
    stranger = signed_in(operator, project="shop")
    mine = f"/p/shop/tracking-domains/{HOST}"
    for path in (PAGE, LIST, mine, f"{mine}/history", f"{mine}/rename", f"{mine}/remove"):
        assert stranger.ask("GET", path).status == 404, path
    token = stranger.get("/p/shop/tracking-domains/new").form_token
    for act in ("verify", "default", "certificate", "https", "rename", "remove"):
        fields = {"csrf": token, "https": "off", "name": "x.example.com", "unlink": "yes"}
        assert stranger.send(f"{mine}/{act}", fields).status == 404, act
        assert stranger.send(f"{PAGE}/{act}", fields).status == 404, act
    assert ("good", "verified") in badges(browser.get(PAGE))


def test_who_may_read_sees_no_forms_and_changes_nothing(browser: Browser, operator: Api) -> None:
    added(browser)
    reader = signed_in(operator, scope="read")
    page = reader.get(PAGE)
    assert re.findall(r'action="([^"]*)"', page.html) == ["/choose", "/sign-out"]
    assert "New tracking domain" not in reader.get(LIST).text
    for act in ("verify", "default", "certificate", "https", "rename", "remove", "files"):
        assert reader.send(f"{PAGE}/{act}", {"csrf": page.form_token}).status == 403, act
    assert browser.ask("POST", f"{PAGE}/verify", b"").status == 403  # no token


def test_a_name_that_is_none_is_not_there(browser: Browser) -> None:
    for name in ("no.example.com", "%3Cscript%3E", "a..b", "1", "a%00b"):
        shown = browser.ask("GET", f"{LIST}/{name}")
        assert (shown.status, "<script>" in shown.html) == (404, False), name


def test_an_international_name_is_shown_as_people_read_it(browser: Browser) -> None:
    assert "bücher.example.com" in added(browser, "bücher.example.com").text
    assert "bücher.example.com" in browser.get(LIST).text


@contextlib.contextmanager
def looking(browser: Browser) -> Iterator[http.client.HTTPResponse]:
    """Ask for a look, and yield the answer as it comes."""
    token = browser.get(PAGE).form_token
    headers = {
        "Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items()),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", browser.port, timeout=30)) as client:
        client.request("POST", f"{PAGE}/verify", f"csrf={token}", headers)
        yield client.getresponse()


class HeldDns(DnsServer):
    """Answers for `HOST` only when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.may_answer = threading.Event(), threading.Event()
        self.may_answer.set()

    def reply(self, wire: bytes, transport: str) -> bytes | None:
        self.asked.set()
        self.may_answer.wait(20)
        return super().reply(wire, transport)


class TestWhileItLooks:
    @pytest.fixture
    def dns(self) -> HeldDns:
        return HeldDns()

    def test_rows_come_as_they_are_seen(self, browser: Browser, dns: HeldDns) -> None:
        added(browser)
        dns.add(HOST, "CNAME", TARGET)
        dns.may_answer.clear()
        with looking(browser) as answer:
            head = answer.read1()
            assert b"What is seen, as it is seen" in head
            assert b"Verdict" not in head
            dns.may_answer.set()
            assert "Verdict" in answer.read().decode()

    def test_who_goes_away_ends_nothing_but_the_page(
        self, browser: Browser, dns: HeldDns, caplog: pytest.LogCaptureFixture
    ) -> None:
        added(browser)
        dns.add(HOST, "CNAME", TARGET)
        dns.may_answer.clear()
        with looking(browser) as answer:
            answer.read1()
        dns.may_answer.set()
        for thread in threading.enumerate():
            if thread.name == "look":
                thread.join(20)
        assert ("good", "verified") in badges(browser.get(PAGE))
        assert [each for each in caplog.records if each.levelname == "ERROR"] == []

    def test_two_look_at_once(self, browser: Browser, dns: HeldDns) -> None:
        added(browser)
        dns.may_answer.clear()
        with looking(browser) as one, looking(browser) as other:
            dns.may_answer.set()
            told = [one.read().decode(), other.read().decode()]
        assert all(("Verdict" in each) or ("changed meanwhile" in each) for each in told)
        assert any("Verdict" in each for each in told)


def test_a_look_that_fails_says_so_at_its_end(
    browser: Browser, dns: DnsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from domains.errors import StoreUnavailable
    from domains.tracking_domains import TrackingDomains

    added(browser)
    for error, told in (
        (StoreUnavailable("/var/secret.db is away"), "the database cannot be reached"),
        (RuntimeError("secret"), "something went wrong here"),
    ):

        def fail(*_: Any, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(TrackingDomains, "verify", fail)
        shown = browser.submit(PAGE, f"{PAGE}/verify", {})
        assert told in shown.text
        assert "secret" not in shown.text
        assert "Back to" in shown.text


def test_no_more_than_some_look_at_once(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from web.dashboard import looking as module

    added(browser)
    monkeypatch.setattr(module, "_room", threading.BoundedSemaphore(1))
    assert module._room.acquire()
    assert browser.submit(PAGE, f"{PAGE}/verify", {}).status == 429
    module._room.release()
    assert browser.submit(PAGE, f"{PAGE}/verify", {}).status == 200


def test_what_dns_says_is_shown_as_text(browser: Browser, dns: DnsServer) -> None:
    added(browser)
    dns.add(HOST, "CNAME", "\\<script\\>.example.net")
    assert "<script>" not in browser.submit(PAGE, f"{PAGE}/verify", {}).html
    assert "<script>" not in browser.get(PAGE).html
    dns.fail(HOST, Failure.SERVFAIL)
    assert "could not be asked" in browser.submit(PAGE, f"{PAGE}/verify", {}).text
