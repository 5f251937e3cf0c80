import json

import pytest

from tests.admin.conftest import Run
from tests.dns_server import DnsServer, Failure


def test_add_prints_the_record_to_create(run: Run) -> None:
    output = run("domain", "add", "track.example.com").output
    assert "Name:  track\n" in output
    assert "Type:  CNAME\n" in output
    assert "Value: t.waypost.test\n" in output
    assert "track.example.com. CNAME t.waypost.test." in output
    assert "waypost domain verify track.example.com" in output


def test_a_domain_goes_live_and_away(run: Run, dns: DnsServer) -> None:
    run("domain", "add", "track.example.com")
    pending = run("domain", "verify", "track.example.com", code=1).output
    assert "pending" in pending
    assert "No DNS record" in pending
    dns.add("track.example.com", "CNAME", "t.waypost.test")
    assert "verified" in run("domain", "verify", "track.example.com").output
    [row] = json.loads(run("domain", "list", "--json").output)
    assert (row["name"], row["state"], row["is_default"]) == ("track.example.com", "verified", True)
    dns.set("track.example.com", "CNAME", "elsewhere.example.net")
    assert "failed" in run("domain", "verify", "track.example.com", code=1).output
    assert "links in mail already sent work" in run("domain", "remove", "track.example.com").output
    header = "domain\tstate\tdefault\thttps\tcertificate\ttarget\tchecked\tnext check\n"
    assert run("domain", "list").output == header
    assert "retired" in run("domain", "list", "--retired").output


def test_a_fault_of_dns_takes_nothing_down(run: Run, dns: DnsServer) -> None:
    run("domain", "add", "track.example.com")
    dns.add("track.example.com", "CNAME", "t.waypost.test")
    run("domain", "verify", "track.example.com")
    dns.fail("track.example.com", Failure.SERVFAIL)
    assert "verified" in run("domain", "verify", "track.example.com").output


def test_senders_are_linked_and_unlinked(run: Run) -> None:
    run("domain", "add", "track.example.com")
    run("sender", "add", "example.com")
    assert "track.example.com is pending" in run("sender", "link", "example.com", "track.example.com").output
    assert "example.com\ttrack.example.com" in run("sender", "list").output
    refused = run("domain", "remove", "track.example.com", code=1)
    assert "is linked to example.com" in refused.stderr
    run("sender", "unlink", "example.com")
    assert "the default" in run("sender", "show", "example.com").output
    run("sender", "link", "example.com", "track.example.com")
    assert "Unlinked example.com" in run("domain", "remove", "--force", "track.example.com").output
    run("sender", "remove", "example.com")
    assert json.loads(run("sender", "list", "--json").output) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("domain", "add", "example.com"), "is a root domain"),
        (("domain", "add", "https://track.example.com"), "is a URL"),
        (("domain", "add", "track.example.com:80"), "has a port"),
        (("domain", "add", "t.waypost.test"), "is a CNAME target of ours"),
        (
            ("domain", "add", "track.example.com", "--target", "x.example.net"),
            "is not among the CNAME targets",
        ),
        (("domain", "show", "unknown.example.com"), "no tracking domain is called"),
        (("domain", "verify", "unknown.example.com"), "no tracking domain is called"),
        (("domain", "default", "unknown.example.com"), "no tracking domain is called"),
        (("sender", "add", "news@example.com"), "is an email address"),
        (("sender", "link", "unknown.example.com", "track.example.com"), "no sending domain is called"),
    ],
)
def test_refusals_are_one_line_on_standard_error(run: Run, arguments: tuple[str, ...], says: str) -> None:
    refused = run(*arguments, code=1)
    assert says in refused.stderr
    assert refused.stderr.startswith("waypost: ")
    assert refused.stderr.count("\n") == 1
    assert refused.stdout == ""
    assert json.loads(run("domain", "list", "--json").output) == []


def test_a_taken_name_is_refused_in_any_spelling(run: Run) -> None:
    run("domain", "add", "track.example.com")
    assert "already" in run("domain", "add", "Track.Example.COM.", code=1).stderr


def test_only_a_verified_domain_becomes_the_default(run: Run, dns: DnsServer) -> None:
    for name in ("a.example.com", "b.example.com"):
        run("domain", "add", name)
    assert "verify it before" in run("domain", "default", "b.example.com", code=1).stderr
    for name in ("a.example.com", "b.example.com"):
        dns.add(name, "CNAME", "t.waypost.test")
        run("domain", "verify", name)
    assert "a.example.com\tverified\tdefault" in run("domain", "list").output
    run("domain", "default", "b.example.com")
    assert "b.example.com\tverified\tdefault" in run("domain", "list").output


def test_an_international_name_is_shown_as_typed(run: Run) -> None:
    assert "klick.bücher.example" in run("domain", "add", "klick.bücher.example").output
    [row] = json.loads(run("domain", "list", "--json").output)
    assert row["name"] == "klick.xn--bcher-kva.example"
    assert row["display"] == "klick.bücher.example"


def test_a_domain_is_changed_and_renamed(run: Run, dns: DnsServer) -> None:
    run("domain", "add", "track.example.com", "--https", "off")
    run("sender", "add", "example.com")
    run("sender", "link", "example.com", "track.example.com")
    dns.add("track.example.com", "CNAME", "t.waypost.test")
    run("domain", "verify", "track.example.com")
    shown = json.loads(run("domain", "show", "track.example.com", "--json").output)
    assert shown["evidence"]["dns"]["chain"] == ["t.waypost.test"]
    required = run("domain", "update", "track.example.com", "--https", "require").output
    assert required == "track.example.com: verified, HTTPS: require, not seen yet\n"
    renamed = run("domain", "update", "track.example.com", "--name", "click.example.com").output
    assert "click.example.com: pending" in renamed
    assert "click.example.com. CNAME t.waypost.test." in renamed
    assert "example.com\tclick.example.com" in run("sender", "list").output
    old = json.loads(run("domain", "show", "track.example.com", "--json").output)
    assert (old["state"], old["next_check_at"]) == ("retired", None)


def test_an_update_of_nothing_is_a_usage_error(run: Run) -> None:
    run("domain", "add", "track.example.com")
    assert (
        "Give --name, --https, --target or a file"
        in run("domain", "update", "track.example.com", code=2).stderr
    )


def test_the_history_of_a_domain_that_is_gone(run: Run) -> None:
    run("domain", "add", "track.example.com")
    run("domain", "remove", "track.example.com")
    added, removed = json.loads(run("domain", "history", "track.example.com", "--json").output)
    assert (added["cause"], added["before"], added["after"]) == ("added", None, "pending")
    assert (removed["cause"], removed["before"], removed["after"]) == ("removed", "pending", None)
    assert "\tpending\tdeleted\tremoved\t" in run("domain", "history", "track.example.com").output
    assert "no tracking domain" in run("domain", "history", "other.example.com", code=1).stderr
