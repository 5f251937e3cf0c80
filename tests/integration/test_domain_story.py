"""The life of a tracking domain, as operator, customer and readers see it, with `waypost serve` running.

Time passes by letting all that is waited for become due; the checks are those that the server does by itself.
"""

import json
import re
import smtplib
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from storage.domain_tables import tracking_domains
from storage.engine import open_engine
from tests.dns_server import DnsServer, Failure
from tests.integration.test_story import Installation
from tests.running import RunningWaypost

PATIENCE = 60.0
TARGET, HOST, OTHER = "t.waypost.test", "track.shop.example", "links.shop.example"
LINK = "https://shop.example/offer"
TRACKED = re.compile(r'href="(http://[^/"]+)(/c/[^"]+)"')


class Story:
    """One installation with a server that runs, and a DNS server that the customer edits."""

    def __init__(self, folder: Path, dns: DnsServer) -> None:
        self.dns = dns
        self.installation = Installation(
            folder,
            f'[domains]\ncname_targets = ["{TARGET}"]\nnameservers = ["127.0.0.1"]\n'
            f'nameserver_port = {dns.port}\ncertificate_authority = ""\n'
            "probe_http_port = 0\nprobe_https_port = 0\n",
        )
        self.run = self.installation.run
        self.default = f"http://localhost:{self.installation.http_port}"
        self._engine = open_engine(f"sqlite:///{folder}/var/waypost.db")

    def state(self, name: str = HOST) -> str:
        return str(self.shown(name)["state"])

    def shown(self, name: str = HOST) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.run("domain", "show", name, "--json"))
        return found

    def checked(self, name: str = HOST) -> None:
        """Wait until the server has checked it once more, now that its time has come."""
        before = self.shown(name)["checked_at"]
        with self._engine.begin() as connection:
            connection.execute(
                update(tracking_domains)
                .where(tracking_domains.c.next_check_at.is_not(None))
                .values(next_check_at=datetime(2026, 1, 1, tzinfo=UTC))
            )
        until(lambda: self.shown(name)["checked_at"] != before)

    def link(self, route: str = "") -> tuple[str, str] | None:
        """Send a message; return host and path of its link, None where that was left alone."""
        header = f"X-Waypost-Route: {route}\r\n" if route else ""
        message = (
            f"From: news@shop.example\r\nTo: reader@example.net\r\nMessage-ID: <{time.monotonic_ns()}@s>\r\n"
            f'{header}Content-Type: text/html\r\n\r\n<a href="{LINK}">Offer</a>\r\n'
        )
        with smtplib.SMTP("127.0.0.1", self.installation.smtp_port, timeout=PATIENCE) as client:
            client.sendmail("news@shop.example", ["reader@example.net"], message)
        found = TRACKED.search(self.installation.last_message())
        return (found[1], found[2]) if found else None

    def uses(self, base: str) -> bool:
        """Tell whether new mail has its links there."""
        link = self.link()
        return link is not None and link[0] == base

    def causes(self, name: str = HOST) -> list[tuple[str | None, str | None, str]]:
        entries = json.loads(self.run("domain", "history", name, "--json"))
        return [(each["before"], each["after"], each["cause"]) for each in entries]

    def close(self) -> None:
        self._engine.dispose()


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    with DnsServer() as dns:
        dns.add(TARGET, "A", "192.0.2.10")
        story = Story(tmp_path, dns)
        yield story
        story.close()


def opens(running: RunningWaypost, link: tuple[str, str] | None) -> bool:
    """Tell whether a reader who clicks arrives."""
    assert link is not None
    answer = running.get(link[1], host=link[0].removeprefix("http://"))
    return (answer.status, answer.getheader("Location")) == (302, LINK)


def goes_live(story: Story, running: RunningWaypost) -> tuple[str, str]:
    """From adding to the first link on the domain, which is returned."""
    before = story.link()
    added = story.run("domain", "add", HOST)
    assert f"{HOST}. CNAME {TARGET}." in added
    until(lambda: story.shown()["checked_at"] is not None)  # adding queues a check
    assert "No DNS record" in str(story.shown()["diagnosis"])
    story.dns.add(HOST, "CNAME", f"{TARGET}.shop.example")
    story.checked()
    assert (story.state(), "with a dot at its end" in str(story.shown()["diagnosis"])) == ("pending", True)
    assert story.uses(story.default)

    story.dns.set(HOST, "CNAME", TARGET)
    story.checked()
    assert story.state() == "verified"
    assert story.shown()["is_default"] is True
    until(lambda: story.uses(f"http://{HOST}"))
    assert opens(running, before)
    link = story.link()
    assert link is not None
    return link


@pytest.mark.long
def test_from_the_first_record_to_the_last_link(story: Story) -> None:
    story.run("sender", "add", "shop.example")
    story.run("route", "add", "news")
    story.run("route", "add", "invoices", "--clicks", "off")
    with RunningWaypost(story.installation.folder) as running:
        link = goes_live(story, running)
        on_route = story.link("news")
        assert on_route is not None
        assert on_route[0] == f"http://{HOST}"
        assert story.link("invoices") is None
        _belongs_to_one_project(story)
        _fails_and_comes_back(story, running, link)
        _is_renamed(story, running, link)
        _is_removed(story, running, link)


def _belongs_to_one_project(story: Story) -> None:
    story.run("project", "add", "rival")
    assert "already (verified)" in story.run("domain", "add", HOST, "--project", "rival", code=1)
    assert "no tracking domain" in story.run("domain", "remove", HOST, "--project", "rival", code=1)


def _fails_and_comes_back(story: Story, running: RunningWaypost, link: tuple[str, str]) -> None:
    story.dns.fail(HOST, Failure.SERVFAIL)
    story.checked()
    assert story.state() == "verified"  # nothing definite was seen
    story.dns.fail(HOST, None)
    story.dns.set(HOST, "CNAME", "elsewhere.example.net")
    for state in ("verified", "verified", "failed"):
        story.checked()
        assert story.state() == state
    until(lambda: story.uses(story.default))
    assert opens(running, link)
    story.dns.set(HOST, "CNAME", TARGET)
    story.checked()
    assert story.state() == "verified"
    until(lambda: story.uses(f"http://{HOST}"))
    assert story.causes() == [
        (None, "pending", "added"),
        ("pending", "verified", "checked"),
        ("verified", "failed", "checked"),
        ("failed", "verified", "checked"),
    ]


def _is_renamed(story: Story, running: RunningWaypost, link: tuple[str, str]) -> None:
    story.run("sender", "link", "shop.example", HOST)
    story.run("domain", "update", HOST, "--name", OTHER)
    assert (story.state(), story.state(OTHER)) == ("retired", "pending")
    until(lambda: story.uses(story.default))
    story.dns.add(OTHER, "CNAME", TARGET)
    assert "verified" in story.run("domain", "verify", OTHER, "--wait", "--timeout", "60s")
    until(lambda: story.uses(f"http://{OTHER}"))
    assert opens(running, link)
    refused = story.run("domain", "add", HOST, "--project", "rival", code=1)
    assert f"_waypost.{HOST}. TXT" in refused
    assert story.state() == "retired"


def _is_removed(story: Story, running: RunningWaypost, link: tuple[str, str]) -> None:
    newer = story.link()
    assert "is linked to shop.example" in story.run("domain", "remove", OTHER, code=1)
    assert story.uses(f"http://{OTHER}")
    assert "Unlinked shop.example" in story.run("domain", "remove", OTHER, "--force")
    until(lambda: story.uses(story.default))
    assert opens(running, link)
    assert opens(running, newer)
