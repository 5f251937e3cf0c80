"""What happens is told: a real server, a real receiver, and whatever dies in between."""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks

from links import ClickToken, parse_key_ring, seal
from tests.integration.test_journal_counts import MESSAGE, REFERENCE
from tests.integration.test_story import Installation, pixel_path, tracked_path, wait_until
from tests.running import RunningWaypost
from tests.webhook_receiver import Receiver, answers, in_turn, resets

PATIENCE = 60.0
SETTINGS = '[webhooks]\nallow_private = ["127.0.0.0/8"]\n[journal]\nship_seconds = 0.05\n'


class Told(Installation):
    """An installation, and a receiver of what happens there."""

    def __init__(self, folder: Path, receiver: Receiver) -> None:
        super().__init__(folder, SETTINGS)
        self.receiver = receiver

    def webhook(self, path: str = "/", *arguments: str) -> dict[str, Any]:
        said = self.run("webhook", "add", self.receiver.url(path), "--json", *arguments)
        found: dict[str, Any] = json.loads(said)
        return found

    def path(self, link: int, project: int = 1) -> str:
        """Return the path of a link with that number."""
        url = "https://shop.example/"
        token = ClickToken(project=project, message=MESSAGE, recipient=REFERENCE, link=link, url=url)
        ring = parse_key_ring((self.folder / "var/keys.json").read_text())
        return f"/c/{seal(token, ring.sealing(time.time_ns() // 1_000_000))}"

    def links(self) -> dict[int, set[str]]:
        """Return the ids of the events that were taken, by the number of the link."""
        found: dict[int, set[str]] = defaultdict(set)
        for request in list(self.receiver.requests):
            for event in request.events:
                found[event["link"]].add(event["id"])
        return found

    def waits_nothing(self, webhook: str) -> bool:
        shown = json.loads(self.run("webhook", "show", webhook, "--json"))
        waiting = json.loads(self.run("webhook", "deliveries", webhook, "--waiting", "--json"))
        return not shown["waiting"] and not waiting


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def told(tmp_path: Path, receiver: Receiver) -> Told:
    return Told(tmp_path, receiver)


def test_what_happens_is_told_signed_to_whom_it_concerns(told: Told) -> None:
    told.run("project", "add", "other")
    webhook = told.webhook()
    told.webhook("/other", "--kind", "click", "--project", "other")
    told.webhook("/all", "--kind", "click", "--all-projects")
    with RunningWaypost(told.folder) as running:
        told.send()
        text = told.last_message()
        running.get(tracked_path(text))
        running.get(pixel_path(text))
        running.get(told.path(1, project=2))
        wait_until(lambda: len(told.receiver.taken()) == 3)
        wait_until(lambda: len(told.receiver.taken("/all")) == 2)
        wait_until(lambda: len(told.receiver.taken("/other")) == 1)
    requests = [request for request in told.receiver.requests if request.path == "/"]
    for request in requests:
        standardwebhooks.Webhook(webhook["secret"]).verify(request.body, request.headers)
        assert request.headers["content-type"] == "application/json"
    events = {event["kind"]: event for request in requests for event in request.events}
    listed = {str(event["kind"]): event for event in told.events("--project", "default")}
    assert events.keys() == listed.keys() == {"relayed", "click", "open"}
    assert events["click"].pop("project") == "default"
    unjudged = {"verdict": "", "reasons": "", "rules": ""}  # may be judged again meanwhile
    assert events["click"] | unjudged == listed["click"] | unjudged
    [other] = [each for each in told.receiver.requests if each.path == "/other"]
    assert [event["project"] for event in other.events] == ["other"]


@pytest.mark.long  # the first rest of an endpoint that fails is some five seconds
def test_endpoints_that_fail_hold_up_no_other(told: Told) -> None:
    paths = {"/reset": resets, "/500": answers(500), "/410": answers(410), "/307": answers(307)}
    location = {"Location": told.receiver.url("/inside")}
    told.receiver.behave = {
        **{path: in_turn(paths[path], answers(200)) for path in ("/reset", "/500")},
        "/410": answers(410),
        "/307": answers(307, **location),
    }
    added = {path: told.webhook(path, "--kind", "relayed")["id"] for path in ("/", *paths)}
    with RunningWaypost(told.folder) as running:
        told.send()
        wait_until(lambda: {*paths, "/"} <= {each.path for each in told.receiver.requests})
        wait_until(lambda: told.waits_nothing(added["/"]))
        for path in ("/reset", "/500"):  # some five seconds later
            wait_until(lambda path=path: told.waits_nothing(added[path]))
        assert any(f"webhook {added['/410']} to" in line and "is paused" in line for line in running.log)
    for path in ("/reset", "/500"):
        tries = [each for each in told.receiver.requests if each.path == path]
        assert len(tries) == 2
        assert len({each.headers["webhook-id"] for each in tries}) == 1
        assert told.receiver.taken(path) == {tries[0].events[0]["id"]: 2}
        [delivery] = json.loads(told.run("webhook", "deliveries", added[path], "--json"))
        assert (delivery["state"], delivery["attempts"]) == ("delivered", 2)
    assert not told.receiver.taken("/inside")
    checked = told.run("check")
    assert f"{added['/410']} to {told.receiver.url('/410')} is paused: answered 410" in checked
    assert "a redirect, which is not followed" in checked
    [failed] = json.loads(told.run("webhook", "deliveries", added["/410"], "--failed", "--json"))
    replay_what_failed(told, added["/410"], failed["id"])


def replay_what_failed(told: Told, webhook: str, delivery: str) -> None:
    told.receiver.behave["/410"] = answers(200)
    told.run("webhook", "replay", webhook, "--all")
    told.run("webhook", "resume", webhook)
    with RunningWaypost(told.folder):
        wait_until(lambda: told.waits_nothing(webhook))
    ids = [each.headers["webhook-id"] for each in told.receiver.requests if each.path == "/410"]
    assert ids == [delivery, delivery]


class Holding:
    """Takes a batch, and lets the client wait for its answer until it may go on."""

    def __init__(self) -> None:
        self.arrived = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        go_on = self.go_on
        self.arrived.set()
        go_on.wait(PATIENCE)
        answers(200)(handler)

    def let_go(self) -> None:
        """Answer those that wait, and hold the next one."""
        self.arrived.clear()
        self.go_on.set()
        self.go_on = threading.Event()


def kill_between_event_and_delivery(told: Told, kills: int) -> None:
    """Kill what ships and sends while a batch is out and not answered; clicks come before and after."""
    told.webhook("/", "--kind", "click")
    hold = Holding()
    told.receiver.behave["/"] = hold
    clicks = count(1)
    with ExitStack() as running:
        tracker = running.enter_context(RunningWaypost(told.folder, "--only", "tracker"))

        def click(times: int) -> None:
            for _ in range(times):
                assert tracker.get(told.path(next(clicks))).status == 302

        for _ in range(kills):
            background = running.enter_context(RunningWaypost(told.folder, "--only", "background"))
            click(10)
            background.wait_for(hold.arrived.is_set, "nothing is sent")
            background.kill()
            hold.let_go()
            click(10)
        told.receiver.behave["/"] = answers(200)
        hold.let_go()
        running.enter_context(RunningWaypost(told.folder, "--only", "background"))
        asked = set(range(1, next(clicks)))
        wait_until(lambda: told.links().keys() == asked)
    assert all(len(ids) == 1 for ids in told.links().values())


@pytest.mark.long
def test_a_kill_between_event_and_delivery_loses_nothing(told: Told) -> None:
    kill_between_event_and_delivery(told, 1)


@pytest.mark.long
def test_twenty_kills_between_event_and_delivery_lose_nothing(told: Told) -> None:
    kill_between_event_and_delivery(told, 20)
