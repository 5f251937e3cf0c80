import json
import os
import pwd
from pathlib import Path

from tests.admin.conftest import Run

ME = f"cli:{pwd.getpwuid(os.getuid()).pw_name}"


def test_a_key_is_shown_once_and_revoked_for_ever(run: Run) -> None:
    added = json.loads(run("apikey", "add", "--scope", "write", "--label", "the shop", "--json").output)
    token = added.pop("key")
    assert token.startswith(f"waypost_api_{added['id']}_")
    assert json.loads(run("apikey", "list", "--json").output) == [added]
    assert f"{added['id']}\twrite\tthe shop" in run("apikey", "list").output
    assert token not in run("apikey", "list", "--json").output
    assert token not in run("audit", "list", "--json").output
    run("apikey", "revoke", added["id"])
    assert json.loads(run("apikey", "list", "--json").output) == []
    assert "revoked 20" in run("apikey", "list", "--revoked").output
    for file in Path("var").rglob("*"):
        assert not file.is_file() or token.encode() not in file.read_bytes()


def test_keys_of_projects_and_of_the_installation_do_not_mix(run: Run) -> None:
    whole = json.loads(run("apikey", "add", "--all-projects", "--json").output)["id"]
    assert json.loads(run("apikey", "list", "--json").output) == []
    assert "list of API keys" in run("apikey", "revoke", whole, code=1).stderr
    assert "is revoked" in run("apikey", "revoke", whole, "--all-projects").output
    assert "no project is called" in run("apikey", "add", "--project", "no", code=1).stderr


def test_the_audit_log_tells_who_did_what(run: Run) -> None:
    run("project", "add", "shop")
    run("route", "add", "bills", "--project", "shop", "--clicks", "off")
    entries = json.loads(run("audit", "list", "--json").output)
    assert [(each["actor"], each["action"], each["kind"], each["name"]) for each in entries] == [
        (ME, "added", "route", "bills"),
        (ME, "added", "project", "shop"),
        (ME, "added", "person", "admin"),
    ]
    assert f"{ME}\tshop\tadded route bills\t\tclicks false" in run("audit", "list").output
    assert len(json.loads(run("audit", "list", "--json", "--limit", "1").output)) == 1
    assert json.loads(run("audit", "list", "--json", "--project", "default").output) == []
    assert json.loads(run("audit", "list", "--json", "--since", "2099-01-01").output) == []
    assert len(json.loads(run("audit", "list", "--json", "--since", "1d", "--project", "shop").output)) == 2
    assert "no project is called" in run("audit", "list", "--project", "no", code=1).stderr


def test_keys_and_the_switch_are_in_it_too(run: Run) -> None:
    run("keys", "rotate", "--in", "0")
    run("keys", "revoke", "1", "--yes")
    run("tracking", "off")
    run("tracking", "on")
    entries = json.loads(run("audit", "list", "--json").output)
    assert [(each["action"], each["kind"], each["after"].get("off")) for each in reversed(entries)] == [
        ("added", "person", None),
        ("added", "key of links", None),
        ("removed", "key of links", None),
        ("changed", "tracking switch", True),
        ("changed", "tracking switch", False),
    ]


def test_the_switch_works_without_the_database_and_says_what_is_missing(run: Run) -> None:
    Path("var/waypost.db").rename("away.db")
    off = run("tracking", "off")
    assert "Tracking is off" in off.output
    assert "not in the audit log" in off.stderr
