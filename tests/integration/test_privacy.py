"""What is on the disk of a running installation, octet by octet, when people are not to be in it."""

import json
from pathlib import Path

import pytest

from tests.integration.test_story import Installation, pixel_path, tracked_path, wait_until
from tests.running import RunningWaypost

ADDRESS = "unmistakable.reader@example.net"
SENDER = "news+unmistakable.reader=example.net@example.com"


def on_disk(folder: Path) -> str:
    """Return what all files hold, but for the mail itself, which the folder of `dir:` is the upstream of."""
    files = (each for each in folder.rglob("*") if each.is_file() and each.parent.name != "outbox")
    return "\n".join(file.read_bytes().decode("latin-1") for file in files).lower()


def send_and_read(installation: Installation) -> str:
    """Send a message, open it and click, while nothing carries the journal away; return the log."""
    with RunningWaypost(installation.folder, "--only", "relay", "--only", "tracker") as running:
        assert installation.send(SENDER, ADDRESS).startswith("250")
        text = installation.last_message()
        assert running.get(tracked_path(text)).status == 302
        assert running.get(pixel_path(text)).status == 200
        log = running.log
    return "\n".join(log)


def ship(installation: Installation) -> None:
    with RunningWaypost(installation.folder, "--only", "background"):
        wait_until(lambda: installation.kinds() == ["click", "open", "relayed"])


def exported(installation: Installation) -> list[dict[str, object]]:
    file = installation.folder / "all.jsonl"
    installation.run("events", "export", "--output", str(file))
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.mark.long
def test_with_none_the_person_is_nowhere(tmp_path: Path) -> None:
    installation = Installation(
        tmp_path, 'recipients = "none"\n[privacy]\nclient_addresses = "none"\n[journal]\nship_seconds = 0.1\n'
    )
    log = send_and_read(installation)
    assert "relayed" in log
    assert "unmistakable" not in on_disk(tmp_path) + log
    assert '"type":"hit"' in on_disk(tmp_path / "var/journal")
    assert "127.0.0.1" not in on_disk(tmp_path / "var/journal")
    ship(installation)
    events = exported(installation)
    assert [(event["recipient"], event["shared_copy"]) for event in events] == [("", False)] * 3
    assert "unmistakable" not in on_disk(tmp_path)


@pytest.mark.long
def test_who_is_forgotten_while_records_wait_is_not_in_what_is_shipped(tmp_path: Path) -> None:
    installation = Installation(tmp_path, "[journal]\nship_seconds = 0.1\n")
    send_and_read(installation)
    assert ADDRESS in on_disk(tmp_path / "var/journal")
    assert "0 messages" in installation.run("events", "forget", "--recipient", ADDRESS, "--yes")
    ship(installation)
    assert "0 messages" in installation.run("events", "forget", "--recipient", ADDRESS, "--yes")
    events = exported(installation)
    assert [event["recipient"] for event in events] == [""] * 3
    assert {event["address"] for event in events if event["kind"] != "relayed"} == {""}
    assert "unmistakable" not in on_disk(tmp_path)
