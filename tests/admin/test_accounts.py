import json
from pathlib import Path

import pytest

from tests.admin.conftest import Run
from tests.dns_server import DnsServer


@pytest.fixture
def shop(run: Run) -> Run:
    """A second project beside the default one."""
    run("project", "add", "shop")
    return run


def test_the_default_project_is_there_from_the_start(run: Run) -> None:
    [only] = json.loads(run("project", "list", "--json").output)
    assert (only["id"], only["name"], only["tracking"], only["networks"]) == (1, "default", None, [])
    assert "always there" in run("project", "remove", "default", code=1).stderr


def test_a_project_comes_changes_and_goes(shop: Run) -> None:
    shop("project", "set", "shop", "--tracking", "observe", "--unknown-senders", "on")
    shop("project", "set", "shop", "--add-network", "192.0.2.0/24", "--add-network", "2001:db8::/32")
    assert "shop\tobserve\ton\t192.0.2.0/24, 2001:db8::/32" in shop("project", "list").output
    output = shop(
        "project", "set", "shop", "--tracking", "inherit", "--remove-network", "192.0.2.0/24"
    ).output
    assert "Tracking: inherit\n" in output
    assert "Networks: 2001:db8::/32\n" in output
    assert json.loads(shop("project", "show", "shop", "--json").output)["unknown_senders"] is True
    shop("project", "remove", "shop")
    assert "shop" not in shop("project", "list").output


def test_a_password_is_shown_once_and_kept_nowhere(shop: Run) -> None:
    added = json.loads(shop("credential", "add", "--project", "shop", "--label", "the app", "--json").output)
    assert added["username"].startswith("shop-")
    assert added["password"].startswith("waypost_smtp_")
    for arguments in (("list",), ("list", "--json"), ("list", "--revoked", "--json")):
        listed = shop("credential", *arguments, "--project", "shop").output
        assert added["username"] in listed
        assert added["password"] not in listed
        assert "hmac" not in listed
    for file in Path("var").rglob("*"):
        assert not file.is_file() or added["password"].encode() not in file.read_bytes()


def test_a_revoked_credential_leaves_the_list(run: Run) -> None:
    username = run("credential", "add").output.split()[1]
    assert "is revoked" in run("credential", "revoke", username).output
    assert json.loads(run("credential", "list", "--json").output) == []
    assert "revoked 20" in run("credential", "list", "--revoked").output


def test_limits_and_route_of_a_credential(run: Run) -> None:
    run("route", "add", "bills", "--clicks", "off", "--opens", "off")
    run("credential", "add", "--route", "bills", "--messages-per-minute", "60", "--recipients-per-day", "9")
    [row] = json.loads(run("credential", "list", "--json").output)
    assert (row["route"], row["messages_per_minute"], row["recipients_per_day"]) == ("bills", 60, 9)
    assert "is taken by" in run("route", "remove", "bills", code=1).stderr
    assert f"{row['username']} has no route now" in run("route", "remove", "bills", "--force").output
    run("credential", "add", "--messages-per-minute", "0", code=2)


def test_a_route_comes_changes_and_goes(shop: Run) -> None:
    added = shop("route", "add", "bills", "--clicks", "off", "--project", "shop").output
    assert added == "bills: clicks off, opens inherit, text inherit\n"
    shop("route", "set", "bills", "--clicks", "inherit", "--text", "on", "--project", "shop")
    [row] = json.loads(shop("route", "list", "--project", "shop", "--json").output)
    assert (row["name"], row["clicks"], row["opens"], row["text"]) == ("bills", None, None, True)
    assert shop("route", "list").output == "route\tclicks\topens\ttext\n"
    shop("route", "remove", "bills", "--project", "shop")
    assert json.loads(shop("route", "list", "--project", "shop", "--json").output) == []


def test_domains_and_senders_of_two_projects_do_not_mix(shop: Run, dns: DnsServer) -> None:
    added = shop("domain", "add", "track.example.com", "--project", "shop").output
    assert "waypost domain verify track.example.com --project shop" in added
    sender = shop("sender", "add", "example.com", "--project", "shop").output
    assert "waypost sender link example.com TRACKING_DOMAIN --project shop" in sender
    for command in (("domain", "list"), ("sender", "list")):
        assert json.loads(shop(*command, "--json").output) == []
        assert len(json.loads(shop(*command, "--json", "--project", "shop").output)) == 1
    assert "already" in shop("domain", "add", "track.example.com", code=1).stderr
    assert "known from another project" in shop("sender", "add", "example.com", code=1).stderr
    for command in (("domain", "show"), ("domain", "verify"), ("domain", "remove"), ("domain", "default")):
        refused = shop(*command, "track.example.com", code=1)
        assert "no tracking domain is called" in refused.stderr
    refused = shop("project", "remove", "shop", code=1)
    assert "tracking domains track.example.com; the sending domains example.com" in refused.stderr
    dns.add("track.example.com", "CNAME", "t.waypost.test")
    shop("domain", "verify", "track.example.com", "--project", "shop")
    shop("domain", "remove", "track.example.com", "--project", "shop")
    shop("sender", "remove", "example.com", "--project", "shop")
    shop("project", "remove", "shop")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("project", "add", "my shop"), "is no short name"),
        (("project", "add", "default"), "already"),
        (("project", "show", "no"), "no project is called"),
        (("project", "set", "default", "--add-network", "0.0.0.0/0"), "open relay"),
        (("project", "set", "default", "--add-network", "127.0.0.0/8"), "relay.networks"),
        (("project", "set", "default", "--upstream", "no"), "no upstream"),
        (("domain", "list", "--project", "no"), "no project is called"),
        (("sender", "list", "--project", "no"), "no project is called"),
        (("credential", "add", "--project", "no"), "no project is called"),
        (("credential", "add", "--route", "no"), "has no route no"),
        (("credential", "revoke", "nobody"), "no credential of the project default"),
        (("route", "add", "no/route"), "is no short name"),
        (("route", "set", "no"), "no route of the project default"),
        (("events", "list", "--project", "no"), "no project is called"),
    ],
)
def test_refusals_are_one_line_on_standard_error(run: Run, arguments: tuple[str, ...], says: str) -> None:
    refused = run(*arguments, code=1)
    assert says in refused.stderr
    assert refused.stderr.startswith("waypost: ")
    assert refused.stderr.count("\n") == 1
    assert refused.stdout == ""


def test_a_database_that_is_away_is_one_line_too(run: Run) -> None:
    Path("var/waypost.db").rename("away.db")
    for command in (("project", "list"), ("credential", "add"), ("domain", "list")):
        assert "is missing or cannot be opened" in run(*command, code=1).stderr


def test_check_looks_at_the_domains_of_every_project(shop: Run, dns: DnsServer) -> None:
    dns.add("us.waypost.test", "A", "192.0.2.11")
    shop("domain", "add", "track.example.com", "--project", "shop")
    shop("domain", "add", "click.example.org")
    remedies = [finding["remedy"] for finding in json.loads(shop("check", "--json").output)]
    assert "waypost domain verify --project shop track.example.com" in remedies
    assert "waypost domain verify click.example.org" in remedies


def test_an_upstream_of_its_own(shop: Run, dns: DnsServer) -> None:
    dns.add("us.waypost.test", "A", "192.0.2.11")
    settings = Path("waypost.toml")
    without = settings.read_text()
    settings.write_text(f'{without}[upstreams.far]\nurl = "dir:far"\n')
    assert "Upstream: far\n" in shop("project", "set", "shop", "--upstream", "far").output
    assert json.loads(shop("project", "show", "shop", "--json").output)["upstream"] == "far"
    subjects = [finding["subject"] for finding in json.loads(shop("check", "--json").output)]
    assert "upstreams.far" in subjects
    settings.write_text(without)
    found = [finding["message"] for finding in json.loads(shop("check", "--json", code=1).output)]
    assert "the project shop names far, which the settings lack: mail gets 451" in found
    assert "Upstream: inherit\n" in shop("project", "set", "shop", "--upstream", "inherit").output
