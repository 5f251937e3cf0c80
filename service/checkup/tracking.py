"""Tracking domains: which are not used and why, what readers' browsers will make of them, late checks."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from accounts.errors import AccountError
from domains.directory import scheme_of
from domains.errors import StoreUnavailable
from domains.evidence import CaaStatus, Evidence
from domains.model import Https, Scheme, State, TrackingDomain
from domains.names import display
from domains.tracking_domains import TrackingDomains
from service.certificates.https_links import before_https
from service.checkup.finding import Finding, ok, warn
from service.checkup.naming import command, few
from service.database import open_domains
from service.errors import OperatorError
from service.settings import Settings

SUBJECT: Final = "domains"
LATE: Final = timedelta(minutes=15)
AHEAD: Final = timedelta(minutes=1)
CLOSELY: Final = 200  # domains of a project of which the evidence of the last check is read too


def look_at_tracking_domains(settings: Settings, now: int) -> Iterator[Finding]:
    """Look at those of all projects."""
    at = datetime.fromtimestamp(now / 1000, UTC)
    everything: list[TrackingDomain] = []
    try:
        with open_domains(settings) as use_cases:
            for project in use_cases.projects():
                domains = use_cases.tracking(project)
                listed = domains.all()
                everything += listed
                yield from few(_of_project(project, listed, settings))
                yield from few(_of_browsers(domains, listed, settings))
    except (OperatorError, StoreUnavailable, AccountError):
        return  # the finding about the database has said it
    yield from _late(everything, at)
    yield from _ahead(everything, at)


def _of_project(project: str, listed: list[TrackingDomain], settings: Settings) -> Iterator[Finding]:
    active = [each for each in listed if scheme_of(each, before_https(settings))]
    if active:
        yield ok(SUBJECT, f"{len(active)} of {len(listed)} tracking domains are active")
    for domain in listed:
        if domain not in active:
            waits = ", but HTTPS was not seen on it yet" if domain.state is State.VERIFIED else ""
            message = f"{display(domain.name)} is {domain.state}{waits}"
            yield warn(SUBJECT, message, command("domain verify", project, domain.name))


def _of_browsers(
    domains: TrackingDomains, listed: list[TrackingDomain], settings: Settings
) -> Iterator[Finding]:
    for domain in [each for each in listed if each.state is State.VERIFIED][:CLOSELY]:
        evidence = domains.show(domain.name).evidence
        if evidence is None:
            continue
        yield from _hsts(domain, evidence, settings.tracking.scheme)
        yield from _caa(domain, evidence, settings.domains.certificate_authority)


def _hsts(domain: TrackingDomain, evidence: Evidence, before_https: Scheme | None) -> Iterator[Finding]:
    """Browsers make https of an http link where a policy is in force [RFC 6797 8.3]."""
    hosts = [policy.host for policy in evidence.hsts]
    if hosts and scheme_of(domain, before_https) is Scheme.HTTP:
        yield warn(
            SUBJECT,
            f"links on {display(domain.name)} are http, and HSTS of {hosts[0]} makes browsers ask by https",
            "serve https on it, and have it checked",
        )


def _caa(domain: TrackingDomain, evidence: Evidence, authority: str) -> Iterator[Finding]:
    caa = evidence.caa
    if caa.status is CaaStatus.FORBIDDEN and domain.https is not Https.OFF:
        message = f"CAA records of {caa.found_at} keep {authority} from issuing for {display(domain.name)}"
        yield warn(SUBJECT, message, f'its owner adds this record: {caa.found_at}. CAA 0 issue "{authority}"')


def _late(listed: Iterable[TrackingDomain], now: datetime) -> Iterator[Finding]:
    due = [each.next_check_at for each in listed if each.next_check_at and each.next_check_at < now - LATE]
    if due:
        minutes = (now - min(due)) // timedelta(minutes=1)
        yield warn(
            SUBJECT,
            f"{len(due)} checks are late, one by {minutes} minutes: nothing checks by itself",
            "run `waypost serve` with its background part; `waypost domain verify --all-projects` checks now",
        )


def _ahead(listed: Iterable[TrackingDomain], now: datetime) -> Iterator[Finding]:
    checked = [each.checked_at for each in listed if each.checked_at]
    if checked and max(checked) > now + AHEAD:
        message = f"a domain was checked in the future, at {max(checked):%Y-%m-%d %H:%M} UTC"
        yield warn("clock", message, "keep the time by NTP on every machine: checks become due by the clock")
