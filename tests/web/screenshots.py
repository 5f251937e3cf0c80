"""`make screenshots`: the pictures in the documents, of an installation that is made for them."""

import os
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from certificates.model import HostRecord
from domains.dns_answer import DnsAnswer, DnsStatus
from domains.evidence import CaaAnswer, CaaStatus, Evidence, ProbeAnswer, Reached
from domains.rules import CheckPolicy, judge
from events.model import HitKind, Recipient, Record, Verdict
from links.ids import message_id
from service.database import open_unattended
from service.settings_file import load_settings
from storage.certificate_store import SqlCertificateStore
from storage.domain_store import SqlDomainStore
from storage.event_store import SqlEventStore
from tests.admin.conftest import SETTINGS
from tests.certificates.builders import ACTIVE
from tests.dns_server import DnsServer
from tests.events.records import AT, hit, message, outcome
from tests.web.api_server import Api, served
from tests.web.chromium import chromium
from tests.web.conftest import invoke

IMAGES: Final = Path(__file__).parents[2] / "docs" / "images"
TARGET, ADDRESS = "t.waypost.test", "192.0.2.10"
PERSON, PASSWORD = "alice", "a-long-one-for-pictures-7"
HOST: Final = "track.example.com"
DAYS: Final = 30
FIRST: Final = AT - DAYS * 86_400_000
SPAN: Final = "from=2026-08-23&to=2026-09-21"
AGENTS: Final = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "curl/8.5.0",
)
MAIL: Final = """\
From: News <news@example.com>
Subject: Spring
Content-Type: text/html

<p>Hello! See <a href="https://example.com/offer">the offer</a>,
<a href="https://example.com/shop">the shop</a>, or <a href="mailto:a@example.com">write</a>.
<a href="https://example.com/leave" data-waypost="off">Leave</a></p>
"""
DOMAINS: Final = {
    HOST: (DnsStatus.FOUND, (TARGET,), Reached.OURS, Reached.OURS),
    "links.example.com": (DnsStatus.FOUND, (TARGET,), Reached.OURS, Reached.NOBODY),
    "click.example.net": (DnsStatus.FOUND, ("old.example.net",), Reached.NOT_PROBED, Reached.NOT_PROBED),
    "go.example.org": (DnsStatus.NO_RECORD, (), Reached.NOT_PROBED, Reached.NOT_PROBED),
}


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with installed() as api, chromium() as browser:
        for device, width, height in (("desktop", 1280, 620), ("phone", 390, 640)):
            context = browser.new_context(
                base_url=f"http://127.0.0.1:{api.port}", viewport={"width": width, "height": height}
            )
            take_all(context.new_page(), device)
            if device == "desktop":
                page = context.new_page()
                page.emulate_media(color_scheme="dark")
                page.goto(f"/p/default/reports?{SPAN}")
                _take(page, "report", "dark")
            context.close()
    sizes = {path.name: path.stat().st_size for path in sorted(IMAGES.glob("*.png"))}
    for name, size in sizes.items():
        print(f"{size:8,}  {name}")
    print(f"{sum(sizes.values()):8,}  all")


@contextmanager
def installed() -> Iterator[Api]:
    """Serve a new installation with domains and events."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder, DnsServer() as dns:
        os.chdir(folder)
        try:
            dns.add(TARGET, "A", ADDRESS)
            dns.add("links.example.com", "CNAME", TARGET)
            invoke("init")
            Path("waypost.toml").write_text(SETTINGS.format(port=dns.port))
            Path("password").write_text(PASSWORD)
            admin = ("--scope", "admin", "--all-projects")
            invoke("user", "add", PERSON, *admin, "--password-file", "password")
            with served(invoke) as nobody:
                api = nobody.key()
                stock(api)
                yield api
        finally:
            os.chdir(before)


def stock(api: Api) -> None:
    """Put in what is to be seen."""
    for name in DOMAINS:
        api.post("/tracking-domains", {"name": name})
    with open_unattended(load_settings(None, {})) as engine:
        store, now = SqlDomainStore(engine), datetime.now(UTC)
        for name, seen in DOMAINS.items():
            _look(store, name, _evidence(name, now, *seen), now)
        SqlCertificateStore(engine).put(_certificate(now))
        SqlEventStore(engine).add(list(_records(random.Random(1))))
    api.post("/sending-domains", {"name": "example.com", "tracking_domain": HOST})


def _look(store: SqlDomainStore, name: str, evidence: Evidence, now: datetime) -> None:
    """Record a check that saw this."""
    domain = store.find_tracking_domain(name)
    assert domain is not None
    policy = CheckPolicy(targets=(TARGET,))
    store.record(judge(domain, evidence, now, policy=policy, by_hand=False, jitter=0.5))


def _evidence(
    name: str, now: datetime, status: DnsStatus, chain: tuple[str, ...], http: Reached, https: Reached
) -> Evidence:
    address = ADDRESS if chain == (TARGET,) else "198.51.100.7"
    asked = f"ns1.{name.partition('.')[2]} (192.0.2.53)"
    return Evidence(
        at=now,
        dns=DnsAnswer(
            host=name, status=status, chain=chain, addresses=(address,) if chain else (), asked=asked
        ),
        target_addresses=(ADDRESS,),
        caa=CaaAnswer(status=CaaStatus.ALLOWED, authority="letsencrypt.org"),
        http=_answer(http),
        https=_answer(https),
    )


def _answer(reached: Reached) -> ProbeAnswer:
    return ProbeAnswer(reached=reached, address="" if reached is Reached.NOT_PROBED else ADDRESS)


def _certificate(now: datetime) -> HostRecord:
    assert ACTIVE.certificate is not None
    begun = now - timedelta(days=12)
    issued = replace(
        ACTIVE.certificate,
        issuer="CN=E7, O=Let's Encrypt, C=US",
        serial="05b1c7e2f09a4d3381f6",
        fingerprint="7c" * 32,
        not_before=begun,
        not_after=begun + timedelta(days=90),
    )
    return replace(ACTIVE, host=HOST, certificate=issued, due_at=begun + timedelta(days=60))


def _records(chance: random.Random) -> Iterator[Record]:
    """A month of mail, with more of it on weekdays."""
    number = 0
    for day in range(DAYS):
        for _ in range(chance.randint(18, 30) if day % 7 < 5 else chance.randint(6, 12)):
            number += 1
            yield from _of_one(chance, number, FIRST + day * 86_400_000 + chance.randrange(80_000_000))


def _of_one(chance: random.Random, number: int, at: int) -> Iterator[Record]:
    name, reference = message_id(at, number.to_bytes(6, "big")), f"{number:016x}"
    own = {"message": name, "recipient": reference, "address": f"203.0.113.{number % 250}"}
    yield message(
        id=name,
        at=at,
        message_id=f"<{number}@example.com>",
        recipients=(Recipient(address=f"reader{number}@example.net", reference=reference),),
        problems=(),
    )
    yield outcome(number, message=name, at=at + 400, verdict=Verdict.RELAYED)
    for turn in range(chance.choice((0, 1, 1, 2))):
        at += chance.randrange(60_000, 7_000_000)
        fields = {**own, "at": at, "user_agent": chance.choice(AGENTS)}
        yield hit(number * 100 + turn, **fields, kind=HitKind.OPEN, link=0, url="")
        if chance.random() < 0.5:
            yield hit(
                number * 100 + 50 + turn, **fields | {"at": at + 9_000}, url="https://example.com/offer"
            )


def take_all(page: Any, device: str) -> None:
    """Sign in, and take a picture of each page that is shown in the documents."""
    page.goto("/sign-in")
    page.get_by_label("Name").fill(PERSON)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    own = "/p/default"
    for name, path in (
        ("overview", own),
        ("domains", f"{own}/tracking-domains"),
        ("domain", f"{own}/tracking-domains/{HOST}"),
        ("report", f"{own}/reports?{SPAN}"),
    ):
        page.goto(path)
        _take(page, name, device)
    page.goto(f"{own}/events?kind=click&until=2026-09-21")
    page.locator("tbody a[href*='/messages/']").first.click()
    _take(page, "message", device)
    page.goto(f"{own}/tracking-domains/links.example.com")
    page.get_by_role("button", name="Verify now").click()
    page.get_by_role("heading", name="Verdict").wait_for()
    _take(page, "verify", device)
    page.goto(f"{own}/preview")
    page.locator("textarea").first.fill(MAIL)
    page.locator("main form button.main").click()
    page.get_by_role("heading", name="What would become of it").wait_for()
    _take(page, "preview", device)


def _take(page: Any, name: str, device: str) -> None:
    size = page.viewport_size
    if name == "report" and device != "phone":  # down to the end of its first chart
        chart = page.locator("svg").first.bounding_box()
        page.set_viewport_size({**size, "height": int(chart["y"] + chart["height"]) + 16})
    page.screenshot(path=IMAGES / f"{name}-{device}.png")
    page.set_viewport_size(size)


if __name__ == "__main__":
    main()
