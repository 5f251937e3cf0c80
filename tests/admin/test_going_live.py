import json
from pathlib import Path

import pytest

from service.settings_file import load_settings
from storage.engine import open_engine
from storage.event_store import SqlEventStore
from tests.admin.conftest import Run
from tests.events.records import hit, message

SWITCH = Path("var/tracking-off")


def test_the_switch(run: Run) -> None:
    assert "Not switched off" in run("tracking", "status").output
    assert "waypost tracking on" in run("tracking", "off").output
    assert SWITCH.exists()
    assert "Switched off since 20" in run("tracking", "status").output
    assert json.loads(run("tracking", "status", "--json").output)["off"] is True
    assert "tracking.mode is on" in run("tracking", "on").output
    assert json.loads(run("tracking", "status", "--json").output) == {
        "off": False,
        "since": None,
        "mode": "on",
    }


def test_the_switch_needs_no_database(run: Run) -> None:
    Path("var/waypost.db").unlink()
    run("tracking", "off")
    assert SWITCH.exists()


def test_check_warns_while_it_is_off(run: Run) -> None:
    run("tracking", "off")
    assert "tracking: switched off since 20" in run("check", code=1).output
    run("tracking", "on")
    assert "switched off" not in run("check", code=1).output


def test_how_far_a_sender_has_gone_live(run: Run) -> None:
    run("sender", "add", "example.com")
    assert "Tracking: inherit, 100 % of its mail" in run("sender", "show", "example.com").output
    changed = run("sender", "set", "example.com", "--tracking", "on", "--share", "10").output
    assert "Tracking: on, 10 % of its mail" in changed
    [row] = json.loads(run("sender", "list", "--json").output)
    assert (row["tracking"], row["share"]) == ("on", 10)
    assert "example.com\tthe default\ton\t10 %" in run("sender", "list").output
    run("sender", "set", "example.com", "--tracking", "inherit")
    [row] = json.loads(run("sender", "list", "--json").output)
    assert (row["tracking"], row["share"]) == (None, 10)
    run("sender", "set", "example.com", "--share", "101", code=2)
    assert "no sending domain" in run("sender", "set", "other.example", code=1).stderr


@pytest.fixture
def store(run: Run) -> SqlEventStore:
    return SqlEventStore(open_engine(load_settings(Path("waypost.toml"), {}).database.url))


LONG_AGO = "876000"  # hours: the messages of these tests are of one fixed time


def test_report(run: Run, store: SqlEventStore) -> None:
    untouched = {"key": 0, "links": (), "left_alone": {}, "pixel": False}
    store.add([message(), message(id="f" * 24, untracked="null-sender", **untouched)])
    shown = run("report", "--hours", LONG_AGO).output
    assert "example.com\tdefault\t2\t1\t0\t0\t1\t2\t0" in shown
    assert "example.com\tdefault\tmessage untracked\tnull-sender\t1" in shown
    assert "example.com\tdefault\tleft alone\tnot-http\t2" in shown
    [found] = json.loads(run("report", "--hours", LONG_AGO, "--json").output)
    assert found == {
        "project": "default",
        "sending_domain": "example.com",
        "messages": 2,
        "rewritten": 1,
        "observed": 0,
        "unchanged": 0,
        "untracked": 1,
        "links": 2,
        "pixels": 1,
        "links_observed": 0,
        "pixels_observed": 0,
        "why_untracked": {"null-sender": 1},
        "left_alone": {"not-http": 2},
    }


def test_report_of_one_project_and_of_a_time(run: Run, store: SqlEventStore) -> None:
    run("project", "add", "shop")
    store.add([message(project=2)])
    [found] = json.loads(run("report", "--hours", LONG_AGO, "--project", "shop", "--json").output)
    assert (found["project"], found["messages"]) == ("shop", 1)
    assert json.loads(run("report", "--hours", LONG_AGO, "--project", "default", "--json").output) == []
    assert "No message came in the last 0 hours." in run("report", "--hours", "0").output
    assert "nobody" in run("report", "--project", "nobody", code=1).stderr


def test_events_show_tags_and_metadata(run: Run, store: SqlEventStore) -> None:
    store.add([message(), hit()])
    [event] = json.loads(run("events", "list", "--json").output)
    assert (event["tags"], event["metadata"]) == (["welcome"], {"customer": "42"})
