"""`waypost sender`: whose a sending domain is, and the rules for its mail."""

import json
import re
from pathlib import Path

import pytest

from tests.admin.conftest import Run
from tests.dns_server import DnsServer, Failure

STRICT = "WAYPOST_DOMAINS__REQUIRE_VERIFIED_SENDERS"
RECORD = re.compile(r"_waypost\.example\.com\. TXT \"(waypost-verify=[a-z2-7]{32})\"")
MESSAGE = (
    "From: a@example.com\r\nTo: b@there.example\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/html; charset=utf-8\r\n\r\n"
    '<!DOCTYPE html><html><body><a href="https://shop.example/">x</a></body></html>\r\n'
)


def value_in(output: str) -> str:
    """Return the value of the record that is printed."""
    found = RECORD.search(output)
    assert found is not None, output
    return found[1]


@pytest.fixture
def other(run: Run) -> Run:
    """The same, where a project `other` is there."""
    run("project", "add", "other")
    return run


def test_a_sending_domain_is_verified_by_its_record(run: Run, dns: DnsServer) -> None:
    added = run("sender", "add", "example.com").output
    assert "waypost sender verify example.com" in added
    missing = run("sender", "verify", "example.com", code=1).output
    assert "example.com: not verified. There is no TXT record at _waypost.example.com." in missing
    dns.set("_waypost.example.com", "TXT", '"something else"')
    assert "says 'something else'" in run("sender", "verify", "example.com", code=1).output
    dns.fail_all(Failure.SERVFAIL)
    assert "says nothing about the record" in run("sender", "verify", "example.com", code=1).output
    dns.fail_all(None)
    dns.add("_waypost.example.com", "TXT", f'"{value_in(added)}"')
    assert run("sender", "verify", "example.com").output == (
        "example.com: verified. The TXT record at _waypost.example.com is there; it may be deleted now.\n"
    )
    dns.remove("_waypost.example.com")
    shown = run("sender", "show", "example.com").output
    assert "Ownership: verified since 20" in shown
    assert "TXT" not in shown
    assert "example.com\tthe default\tinherit\t100 %\tverified\tyes" in run("sender", "list").output


def test_verify_for_programs(run: Run) -> None:
    run("sender", "add", "example.com")
    found = json.loads(run("sender", "verify", "example.com", "--json", code=1).output)
    assert (found["verified"], found["proof"], found["record"]["type"]) == (False, "no record", "TXT")
    [listed] = json.loads(run("sender", "list", "--json").output)
    assert listed["ownership"] == {
        "standing": "unverified",
        "parent": "",
        "counts": True,
        "carries_link": True,
    }
    assert listed["record"] == found["record"]


def test_where_senders_must_be_verified(run: Run, dns: DnsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STRICT, "true")
    added = run("sender", "add", "example.com").output
    run("domain", "add", "track.example.com")
    dns.add("track.example.com", "CNAME", "t.waypost.test")
    linked = run("sender", "link", "example.com", "track.example.com").output
    assert "example.com is unverified" in linked
    assert "Its link does not count" in run("sender", "show", "example.com").output
    assert "\tunverified\tno" in run("sender", "list").output
    assert "senders: example.com uses the default until it is verified" in run("check", code=1).output
    dns.add("_waypost.example.com", "TXT", f'"{value_in(added)}"')
    run("sender", "verify", "example.com")
    assert "\tverified\tyes" in run("sender", "list").output
    assert "until it is verified" not in run("check", code=1).output


def test_a_subdomain_of_another_project(other: Run) -> None:
    other("sender", "add", "example.com")
    other("sender", "add", "news.example.com", "--project", "other")
    shown = other("sender", "show", "news.example.com", "--project", "other").output
    assert "Ownership: unverified, and example.com is another project's: prove it first" in shown
    assert (
        "news.example.com does not count: example.com is another project's" in other("check", code=1).output
    )


@pytest.mark.parametrize("again", ["add", "verify"])
def test_who_proves_it_takes_it_over(other: Run, dns: DnsServer, again: str) -> None:
    other("sender", "add", "example.com")
    refused = other("sender", "add", "example.com", "--project", "other", code=1)
    assert "known from another project" in refused.stderr
    value = value_in(refused.stderr)
    assert f"Value: {value}" in refused.stdout
    asked = other("sender", "add", "example.com", "--project", "other", "--json", code=1)
    assert json.loads(asked.stdout)["proof_needed"]["value"] == value
    dns.add("_waypost.example.com", "TXT", f'"{value}"')
    other("sender", again, "example.com", "--project", "other")
    assert json.loads(other("sender", "list", "--json").output) == []
    [taken] = json.loads(other("sender", "list", "--project", "other", "--json").output)
    assert taken["ownership"]["standing"] == "verified"
    assert "another project's, verified" in other("sender", "add", "example.com", code=1).stderr


def test_the_rules(run: Run) -> None:
    run("sender", "add", "example.com")
    changed = run(
        "sender",
        *("set", "example.com", "--clicks", "off", "--excluded-hosts", "*.Bücher.example, a.example"),
        *("--allowed-destinations", "none", "--signed-mail", "track", "--visible-url", "track"),
    ).output
    assert (
        "Rules: clicks off, excluded-hosts *.xn--bcher-kva.example,a.example, allowed-destinations none, "
        "visible-url track, signed-mail track" in changed
    )
    shown = json.loads(run("sender", "show", "example.com", "--json").output)
    assert shown["rules"]["clicks"] is False
    back = [f"--{name}" for name in ("clicks", "excluded-hosts", "allowed-destinations", "signed-mail")]
    left = run("sender", "set", "example.com", *(part for name in back for part in (name, "inherit"))).output
    assert "Rules: visible-url track" in left
    refused = run("sender", "set", "example.com", "--excluded-hosts", "a.example,b_c.example", code=1)
    assert "has an underscore" in refused.stderr


def test_preview_for_a_project_and_a_sender(other: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYPOST_TRACKING__DEFAULT_DOMAIN", "https://p{sid}.t.example.net")
    Path("mail.eml").write_text(MESSAGE)
    other("sender", "add", "example.com", "--project", "other")
    other("sender", "add", "example.org", "--project", "other")
    other("sender", "set", "example.org", "--excluded-hosts", "shop.example", "--project", "other")

    def preview(*arguments: str) -> dict[str, object]:
        [shown] = json.loads(other("preview", "mail.eml", "--json", *arguments).output)
        return {name: shown[name] for name in ("base", "sending_domain", "untracked")} | {
            "reasons": [link["reason"] for link in shown["links"]]
        }

    assert preview("--project", "other") == {
        "base": "https://pother.t.example.net",
        "sending_domain": "example.com",
        "untracked": None,
        "reasons": [None],
    }
    assert preview("--project", "other", "--sender", "Mail.Example.org")["reasons"] == ["excluded-host"]
    assert preview()["untracked"] == "unknown-sender"
    assert "nobody" in other("preview", "mail.eml", "--project", "nobody", code=1).stderr


def test_check_says_which_default_host_a_project_gets(other: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYPOST_TRACKING__DEFAULT_DOMAIN", "https://p{sid}.t.example.net")
    found = other("check", code=1).output
    assert "default host of the project default: https://pdefault.t.example.net" in found
    assert "default host of the project other: https://pother.t.example.net" in found
