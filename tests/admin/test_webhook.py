import base64
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.admin.conftest import Run
from tests.running import free_port
from tests.web_server import WebServer, ok, says

URL = "https://hooks.example.com/in?token=hunter2"


def added(run: Run, *arguments: str, url: str = URL) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("webhook", "add", url, "--json", *arguments).output)
    return found


def shown(run: Run, webhook: str, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("webhook", "show", webhook, "--json", *arguments).output)
    return found


def test_the_secret_is_shown_once(run: Run) -> None:
    webhook = added(run, "--kind", "click", "--label", "crm")
    assert len(base64.b64decode(webhook["secret"].removeprefix("whsec_"))) == 32
    assert (webhook["kinds"], webhook["label"], webhook["state"]) == (["click"], "crm", "active")
    for output in (
        run("webhook", "list").output,
        run("webhook", "list", "--json").output,
        run("webhook", "show", webhook["id"]).output,
        run("webhook", "show", webhook["id"], "--json").output,
    ):
        assert webhook["id"] in output
        assert webhook["secret"].removeprefix("whsec_") not in output
    assert "Secret:  whsec_" in run("webhook", "add", URL).output
    file = Path("var/waypost.db").read_bytes()
    assert base64.b64decode(webhook["secret"].removeprefix("whsec_")) not in file


def test_the_query_of_its_url_is_not_shown_to_people(run: Run) -> None:
    webhook = added(run)
    for output in (
        run("webhook", "list").output,
        run("webhook", "show", webhook["id"]).output,
        run("audit", "list", "--json").output,
    ):
        assert re.search(r"https://hooks\.example\.com/in\?(…|\\u2026)", output)
        assert "hunter2" not in output


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://hooks.example.com/", "the URL must be https"),
        ("https://a:hunter2@hooks.example.com/", "must hold no user or password"),
    ],
)
def test_urls_that_are_refused(run: Run, url: str, told: str) -> None:
    refused = run("webhook", "add", url, code=1).output
    assert told in refused
    assert "hunter2" not in refused
    assert json.loads(run("webhook", "list", "--json").output) == []


def test_a_project_sees_its_own_alone(run: Run) -> None:
    run("project", "add", "other")
    mine, others, all_projects = added(run), added(run, "--project", "other"), added(run, "--all-projects")
    for arguments, webhook in (
        ((), mine),
        (("--project", "other"), others),
        (("--all-projects",), all_projects),
    ):
        listed = json.loads(run("webhook", "list", "--json", *arguments).output)
        assert [each["id"] for each in listed] == [webhook["id"]]
        for other in (mine, others, all_projects):
            code = 0 if other is webhook else 1
            run("webhook", "show", other["id"], *arguments, code=code)
            run("webhook", "rotate", other["id"], *arguments, code=code)
    assert "no project is called" in run("webhook", "list", "--project", "none", code=1).output


def test_another_secret(run: Run) -> None:
    webhook = added(run)
    rotated = json.loads(run("webhook", "rotate", webhook["id"], "--grace", "2h", "--json").output)
    assert rotated["secret"] != webhook["secret"]
    assert datetime.fromisoformat(rotated["former_secret_until"])
    assert "the former one signs too until" in run("webhook", "show", webhook["id"]).output
    run("webhook", "rotate", webhook["id"], "--at-once")
    assert shown(run, webhook["id"])["former_secret_until"] is None


def test_pause_resume_and_remove(run: Run) -> None:
    webhook = added(run)["id"]
    assert "Events wait for it for 3 days." in run("webhook", "pause", webhook).output
    paused = shown(run, webhook)
    assert (paused["state"], paused["paused_why"], paused["waiting"]) == ("paused", "by hand", 0)
    run("domain", "add", "track.example.com")
    run("webhook", "pause", webhook)
    assert shown(run, webhook) == paused
    assert "is active" in run("webhook", "resume", webhook).output
    assert shown(run, webhook)["state"] == "active"
    assert "is removed" in run("webhook", "remove", webhook).output
    assert "the list of webhooks shows them" in run("webhook", "show", webhook, code=1).output


def test_deliveries_and_replay_of_none(run: Run) -> None:
    webhook = added(run)["id"]
    assert json.loads(run("webhook", "deliveries", webhook, "--failed", "--json").output) == []
    assert "delivery" in run("webhook", "deliveries", webhook, "--waiting").output
    assert "0 deliveries are sent again" in run("webhook", "replay", webhook, "--since", "2h").output
    run("webhook", "pause", webhook)
    assert "is paused: resume it" in run("webhook", "replay", webhook, "--all").output
    assert "1 of these are no deliveries" in run("webhook", "replay", webhook, "msg_1", code=1).output
    run("webhook", "replay", webhook, code=2)
    run("webhook", "replay", webhook, "msg_1", "--all", code=2)
    run("webhook", "deliveries", webhook, "--failed", "--waiting", code=2)


def test_trying_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYPOST_WEBHOOKS__ALLOW_PRIVATE", "127.0.0.0/8")
    with WebServer(says(ok())) as server:
        webhook = added(run, url=f"http://127.0.0.1:{server.port}/in")["id"]
        assert "answered 200" in run("webhook", "test", webhook).output
    assert b'"kind":"test"' in server.requests[0]
    assert b"webhook-signature: v1," in server.requests[0]
    failed = json.loads(run("webhook", "test", webhook, "--json", code=1).output)
    assert failed["delivered"] is False
    assert "refused the connection" in failed["detail"]


def test_trying_one_at_a_private_address(run: Run) -> None:
    webhook = added(run, url=f"https://127.0.0.1:{free_port()}/in")["id"]
    assert "list its network in webhooks.allow_private" in run("webhook", "test", webhook, code=1).output
