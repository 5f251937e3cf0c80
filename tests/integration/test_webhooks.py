"""What happens is told: a real server, a real receiver, and whatever dies in between."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks

from tests.integration.test_story import Installation, pixel_path, tracked_path, wait_until
from tests.running import RunningWaypost
from tests.webhook_receiver import Receiver

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


def test_what_happens_is_told_signed(told: Told) -> None:
    webhook = told.webhook()
    with RunningWaypost(told.folder) as running:
        told.send()
        text = told.last_message()
        running.get(tracked_path(text))
        running.get(pixel_path(text))
        wait_until(lambda: len(told.receiver.taken()) == 3)
    for request in told.receiver.requests:
        standardwebhooks.Webhook(webhook["secret"]).verify(request.body, request.headers)
        assert request.headers["content-type"] == "application/json"
        assert abs(int(request.headers["webhook-timestamp"]) - time.time()) < 600
    events = {event["kind"]: event for request in told.receiver.requests for event in request.events}
    listed = {str(event["kind"]): event for event in told.events()}
    assert events.keys() == listed.keys() == {"relayed", "click", "open"}
    assert events["click"].pop("project") == "default"
    unjudged = {"verdict": "", "reasons": "", "rules": ""}  # may be judged again meanwhile
    assert events["click"] | unjudged == listed["click"] | unjudged
