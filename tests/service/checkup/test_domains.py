"""Tracking and sending domains, and their checks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domains.check import Check
from domains.dns_answer import DnsAnswer, DnsStatus
from domains.evidence import CaaAnswer, CaaStatus, Evidence, HstsPolicy
from domains.history import Step
from domains.model import Scheme, TrackingDomain
from service.checkup.finding import ok, warn
from service.checkup.naming import MOST, few
from service.checkup.sending import look_at_sending_domains
from service.checkup.tracking import look_at_tracking_domains
from service.database import open_database, open_projects, open_sending_domains, open_tracking_domains
from service.settings import Settings
from storage.domain_store import SqlDomainStore
from tests.dns_server import DnsServer
from tests.service.checkup.findings import bad, with_section

HOST = "track.example.com"


def now(after: timedelta = timedelta()) -> int:
    return int((datetime.now(UTC) + after).timestamp() * 1000)


@pytest.fixture
def verified(settings: Settings, dns: DnsServer) -> Settings:
    """One tracking domain, verified, and a sending domain linked to it."""
    dns.add(HOST, "CNAME", "t.waypost.test")
    with open_tracking_domains(settings, "default") as domains:
        domains.add(HOST)
        domains.verify(HOST)
    with open_sending_domains(settings, "default") as senders:
        senders.add("example.com")
        senders.link("example.com", HOST)
    return settings


def failed(settings: Settings, dns: DnsServer) -> None:
    dns.set(HOST, "CNAME", "elsewhere.example.net")
    with open_tracking_domains(settings, "default") as domains:
        domains.verify(HOST)


def test_domains_that_are_well(verified: Settings) -> None:
    [finding] = look_at_tracking_domains(verified, now())
    assert finding.message == "1 of 1 tracking domains are active"
    assert bad(look_at_sending_domains(verified, now())) == []


def test_a_domain_that_failed(verified: Settings, dns: DnsServer) -> None:
    failed(verified, dns)
    assert f"warn domains: {HOST} is failed → waypost domain verify {HOST}" in bad(
        look_at_tracking_domains(verified, now())
    )
    assert f"warn senders: example.com uses the default until {HOST} is active" in bad(
        look_at_sending_domains(verified, now())
    )


def test_a_domain_of_another_project_is_mended_there(settings: Settings) -> None:
    with open_projects(settings) as projects:
        projects.add("shop")
    with open_tracking_domains(settings, "shop") as domains:
        domains.add(HOST)
    assert f"→ waypost domain verify --project shop {HOST}" in bad(look_at_tracking_domains(settings, now()))


def test_a_domain_that_waits_for_https(verified: Settings) -> None:
    with open_tracking_domains(verified, "default") as domains:
        domains.change(HOST, {"https": "require"})  # type: ignore[typeddict-item]
    assert "is verified, but HTTPS was not seen" in bad(look_at_tracking_domains(verified, now()))


def seen(monkeypatch: pytest.MonkeyPatch, settings: Settings, **evidence: object) -> None:
    """Check the domain, and see this."""
    answer = DnsAnswer(
        host=HOST, status=DnsStatus.FOUND, chain=("t.waypost.test",), addresses=("192.0.2.10",)
    )

    def look_at(self: Check, domain: TrackingDomain, told: object) -> Evidence:
        return Evidence(**{"at": datetime.now(UTC), "dns": answer, **evidence})  # type: ignore[arg-type]

    monkeypatch.setattr(Check, "look_at", look_at)
    with open_tracking_domains(settings, "default") as domains:
        domains.verify(HOST)


def test_hsts_over_http_links(verified: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    seen(monkeypatch, verified, hsts=(HstsPolicy(host="example.com", max_age=60, include_subdomains=True),))
    says = f"links on {HOST} are http, and HSTS of example.com makes browsers ask by https"
    assert says in bad(look_at_tracking_domains(verified, now()))
    https = with_section(verified, "tracking", scheme=Scheme.HTTPS)
    assert bad(look_at_tracking_domains(https, now())) == []


def test_caa_that_forbids(verified: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    seen(monkeypatch, verified, caa=CaaAnswer(status=CaaStatus.FORBIDDEN, found_at="example.com"))
    says = f"CAA records of example.com keep letsencrypt.org from issuing for {HOST}"
    assert says in bad(look_at_tracking_domains(verified, now()))
    with open_tracking_domains(verified, "default") as domains:
        domains.change(HOST, {"https": "off"})  # type: ignore[typeddict-item]
    assert bad(look_at_tracking_domains(verified, now())) == []


def test_checks_that_are_late(verified: Settings) -> None:
    assert bad(look_at_tracking_domains(verified, now(timedelta(minutes=10)))) == []
    late = bad(look_at_tracking_domains(verified, now(timedelta(hours=48))))
    assert "1 checks are late" in late
    assert "run `waypost serve` with its background part" in late


def test_a_check_in_the_future(verified: Settings) -> None:
    with open_database(verified) as engine:
        store = SqlDomainStore(engine)
        domain = store.find_tracking_domain(HOST)
        assert domain is not None
        ahead = replace(domain, checked_at=datetime.now(UTC) + timedelta(hours=1))
        store.record(Step(before=domain, after=ahead))
    assert "warn clock: a domain was checked in the future" in bad(look_at_tracking_domains(verified, now()))


def test_a_link_that_waits_for_proof(verified: Settings) -> None:
    strict = with_section(verified, "domains", require_verified_senders=True)
    says = "warn senders: example.com uses the default until it is verified"
    assert says in bad(look_at_sending_domains(strict, now()))


def test_a_sender_under_another_project_s(verified: Settings, dns: DnsServer) -> None:
    with open_sending_domains(verified, "default") as senders:
        dns.add("_waypost.example.com", "TXT", f'"{senders.details("example.com").record.value}"')
        assert senders.verify("example.com").verified
    with open_projects(verified) as projects:
        projects.add("shop")
    with open_sending_domains(verified, "shop") as senders:
        senders.add("news.example.com")
    says = "warn senders: news.example.com does not count: example.com is another project's"
    found = bad(look_at_sending_domains(verified, now()))
    assert says in found
    assert "waypost sender verify --project shop news.example.com" in found


def test_without_the_database_its_own_finding_is_enough(settings: Settings) -> None:
    away = with_section(settings, "database", url="sqlite:///nowhere/waypost.db")
    assert list(look_at_tracking_domains(away, now())) == []
    assert list(look_at_sending_domains(away, now())) == []


def test_many_findings_of_a_kind_are_counted() -> None:
    many = [ok("domains", "well"), *(warn("domains", f"{number}", "mend") for number in range(MOST + 5))]
    told = list(few(many))
    assert len(told) == 1 + MOST + 1
    assert told[-1].message == "5 more like these"
    assert len(list(few(many[: MOST + 1]))) == MOST + 1
