"""`waypost tls` without an authority; with one: tests/integration/test_https."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from certificates.model import Certificate, HostRecord, Problem
from storage.certificate_store import SqlCertificateStore
from storage.engine import open_engine
from tests.admin.conftest import Run
from tests.certificates.builders import CERTIFICATE
from tests.dns_server import DnsServer

HOST = "track.example.com"
NOW = datetime.now(UTC)
GOOD = replace(CERTIFICATE, not_before=NOW, not_after=NOW + timedelta(days=90))
REFUSED = Problem(type="caa", detail="CAA record for example.com prevents issuance", at=NOW)
"""Set to the time of the test where the wait after a failure counts: by hand it is one minute."""

ACME = {
    "WAYPOST_TLS__MODE": "acme",
    "WAYPOST_TLS__LISTEN": "127.0.0.1:0",
    "WAYPOST_TLS__TERMS_AGREED": "true",
    "WAYPOST_TLS__DIRECTORY": "https://127.0.0.1:9/directory",
}


@pytest.fixture
def verified(run: Run, dns: DnsServer, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A verified domain, where certificates are issued."""
    for name, value in ACME.items():
        monkeypatch.setenv(name, value)
    dns.add(HOST, "CNAME", "t.waypost.test")
    run("domain", "add", HOST)
    run("domain", "verify", HOST)
    return run


def keep(certificate: Certificate | None = None, **fields: Any) -> None:
    engine = open_engine(f"sqlite:///{Path('var/waypost.db').absolute()}")
    SqlCertificateStore(engine).put(HostRecord(host=HOST, certificate=certificate, **fields))
    engine.dispose()


def status(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("tls", "status", HOST, "--json").output)
    return found


def test_a_verified_domain_without_a_certificate(verified: Run) -> None:
    assert status(verified)["state"] == "unavailable"
    assert f"{HOST}\tverified\tunavailable" in verified("tls", "status").output
    assert f"{HOST} has none" in verified("check", code=1).output
    assert "Certificate" not in verified("domain", "show", HOST).output


def test_a_good_certificate(verified: Run) -> None:
    keep(GOOD, due_at=GOOD.not_after - timedelta(days=30))
    shown = status(verified)
    assert (shown["state"], shown["serial"], shown["problem"]) == ("active", GOOD.serial, None)
    assert "Certificate: active, by Test Authority T1, until" in verified("domain", "show", HOST).output
    assert json.loads(verified("domain", "list", "--json").output)[0]["certificate"] == "active"
    assert "1 of 1 verified domains have one" in verified("check", code=1).output
    assert "sealed" not in verified("tls", "status", "--json").output


def test_a_failure_is_told_in_plain_words(verified: Run) -> None:
    keep(problem=replace(REFUSED, at=datetime.now(UTC)), failures=1, due_at=NOW + timedelta(hours=10))
    assert "its owner must add one that names it" in status(verified)["problem"]["meaning"]
    assert "CAA record for example.com prevents issuance" in verified("tls", "status", HOST).output
    assert f"{HOST} has none: A CAA record of the domain" in verified("check", code=1).output
    told = verified("tls", "issue", HOST, code=1).output
    assert f"No certificate for {HOST} before" in told
    assert "A CAA record" in told


def test_one_that_will_run_out_is_told(verified: Run) -> None:
    keep(replace(GOOD, not_before=NOW - timedelta(days=80), not_after=NOW + timedelta(days=10)))
    assert f"that of {HOST} runs out on" in verified("check", code=1).output


def test_an_authority_that_cannot_be_reached(verified: Run) -> None:
    told = verified("tls", "issue", HOST, code=1).output
    assert told.startswith(f"No certificate for {HOST}. The certificate authority cannot be reached")
    assert status(verified)["state"] == "failed"


@pytest.mark.parametrize("name", ["never.example.com", "pending.example.com"])
def test_a_name_that_was_never_verified_gets_none(verified: Run, name: str) -> None:
    verified("domain", "add", "pending.example.com")
    assert f"{name} may have no certificate" in verified("tls", "issue", name, code=1).output


def test_a_removed_domain_may_have_one_while_its_dns_points_here(verified: Run, dns: DnsServer) -> None:
    verified("domain", "remove", HOST)
    assert "cannot be reached" in verified("tls", "issue", HOST, code=1).output
    assert f"{HOST}\tretired\tfailed" in verified("tls", "status").output
    dns.set(HOST, "CNAME", "elsewhere.example.net")
    assert "its DNS leads elsewhere" in verified("tls", "issue", HOST, code=1).output


def test_nothing_to_revoke_is_one_line(verified: Run) -> None:
    assert verified("tls", "revoke", HOST, "--yes", code=1).output == f"waypost: {HOST} has no certificate\n"


def test_where_none_are_issued_it_says_how_to_begin(run: Run) -> None:
    for arguments in (("issue", HOST), ("renew", "--due"), ("revoke", HOST, "--yes")):
        assert 'set tls.mode = "acme"' in run("tls", *arguments, code=1).output
    run("tls", "status")
    assert "certificates:" not in run("check", code=1).output
