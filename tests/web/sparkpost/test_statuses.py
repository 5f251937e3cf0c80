"""Our states in SparkPost's words: the tables of docs/sparkpost.md."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from certificates.model import Certificate, HostRecord, Problem
from certificates.rules import state_of
from domains.model import Https, State, TrackingDomain

pytest.importorskip("fastapi", reason="fastapi is not installed")

from web.ports import CertificateStatus
from web.sparkpost.statuses import certificate_fields, is_secure, tracking_status

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)
DOMAIN = TrackingDomain(
    id=1,
    project=1,
    name="track.example.com",
    target="t.example.net",
    state=State.VERIFIED,
    is_default=False,
    diagnosis="",
    created_at=NOW - DAY,
    checked_at=NOW,
)
SEEN = replace(DOMAIN, https_since=NOW)
CERTIFICATE = Certificate(
    authority="https://ca.example/directory",
    chain="",
    sealed_key=b"",
    issuer="CN=CA",
    serial="1",
    fingerprint="2",
    not_before=NOW - 90 * DAY,
    not_after=NOW + DAY,
)
EXPIRED = replace(CERTIFICATE, not_after=NOW - DAY)
KNOWN = HostRecord(host=DOMAIN.name, version=1)


def status(record: HostRecord) -> CertificateStatus:
    return CertificateStatus(state=state_of(record, NOW), record=record)


def failed(kind: str, certificate: Certificate | None = None) -> HostRecord:
    return replace(KNOWN, problem=Problem(type=kind, detail="", at=NOW), certificate=certificate)


@pytest.mark.parametrize(
    ("state", "checked", "cname", "verified"),
    [
        (State.PENDING, False, "unverified", False),
        (State.PENDING, True, "pending", False),
        (State.VERIFIED, True, "valid", True),
        (State.FAILED, True, "invalid", False),
    ],
)
def test_cname_status(state: State, checked: bool, cname: str, verified: bool) -> None:
    domain = replace(DOMAIN, state=state, checked_at=NOW if checked else None)
    found = tracking_status(domain, status(KNOWN))
    assert (found["cname_status"], found["verified"], found["compliance_status"]) == (
        cname,
        verified,
        "valid",
    )


@pytest.mark.parametrize(
    ("domain", "record", "tls"),
    [
        (DOMAIN, KNOWN, "unknown"),
        (SEEN, KNOWN, "valid"),
        (replace(DOMAIN, https=Https.OFF), replace(KNOWN, certificate=CERTIFICATE), "unavailable"),
        (DOMAIN, replace(KNOWN, leased_until=NOW + DAY), "pending"),
        (DOMAIN, replace(KNOWN, certificate=CERTIFICATE), "valid"),
        (DOMAIN, failed("dns", CERTIFICATE), "valid"),
        (DOMAIN, failed("dns"), "failed"),
        (SEEN, failed("dns"), "failed"),
        (SEEN, failed("dns", EXPIRED), "expired"),
        (SEEN, replace(KNOWN, certificate=EXPIRED), "expired"),
        (SEEN, replace(KNOWN, certificate=EXPIRED, leased_until=NOW + DAY), "pending"),
    ],
)
def test_tls_status(domain: TrackingDomain, record: HostRecord, tls: str) -> None:
    assert tracking_status(domain, status(record))["tls_status"] == tls


@pytest.mark.parametrize(
    ("https", "seen", "secure"),
    [
        (Https.AUTO, False, False),
        (Https.AUTO, True, True),
        (Https.REQUIRE, False, True),
        (Https.OFF, True, False),
    ],
)
def test_secure(https: Https, seen: bool, secure: bool) -> None:
    assert is_secure(replace(SEEN if seen else DOMAIN, https=https)) is secure


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("dns", "acme:dns"),
        ("unauthorized", "acme:unauthorized"),
        ("rejectedIdentifier", "acme:rejected_identifier"),
        ("rateLimited", "acme:temporary"),
        ("internal", "service:internal"),
    ],
)
def test_why_a_certificate_is_not_renewed(kind: str, code: str) -> None:
    fields = certificate_fields(status(failed(kind, CERTIFICATE)))
    assert fields["uses_managed_certificate"] is True
    assert fields["tls_certificate"] == {
        "issued_at": "2026-02-03T12:00:00+00:00",
        "expires_at": "2026-05-05T12:00:00+00:00",
        "error_code": code,
    }


def test_no_certificate_of_ours_no_fields() -> None:
    for record in (KNOWN, failed("dns")):
        assert certificate_fields(status(record)) == {"uses_managed_certificate": False}
    assert (
        certificate_fields(status(replace(KNOWN, certificate=CERTIFICATE)))["tls_certificate"]["error_code"]
        is None
    )
