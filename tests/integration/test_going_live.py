"""The switch over all rewriting, modes and reports, on a running Waypost with two workers."""

import json
import smtplib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from admin.main import main
from tests.relay_installation import RelayInstallation
from tests.running import RunningWaypost, UpstreamInThread
from tests.smtp_upstream import ScriptedUpstream

PATIENCE = 60.0
LINK = b"https://shop.example/sale"
MESSAGE = (
    b"From: news@shop.example\r\nMessage-ID: <1@shop.example>\r\nContent-Type: text/html\r\n"
    b'X-Waypost-Tag: sale\r\nX-Waypost-Metadata: {"customer": "42"}\r\n\r\n'
    b'<p><a href="' + LINK + b'">Sale</a></p>\r\n'
)


def run(folder: Path, *arguments: str) -> str:
    done = CliRunner().invoke(main, ["--config", str(folder / "waypost.toml"), *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def found(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(run(folder, *arguments, "--json"))
    return listed


class Clients:
    """Two connections, one on each worker."""

    def __init__(self, port: int, upstream: ScriptedUpstream) -> None:
        self._clients = [smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) for _ in range(2)]
        self._upstream = upstream

    def tracked(self) -> list[bool]:
        """Send a message over each; return which were rewritten."""
        for client in self._clients:
            client.sendmail("news@shop.example", ["reader@there.example"], MESSAGE)
        newest = [one.content or b"" for one in self._upstream.taken[-2:]]
        assert not any(b"X-Waypost" in content for content in newest)
        return [LINK not in content for content in newest]

    def close(self) -> None:
        for client in self._clients:
            client.quit()


@pytest.mark.long
def test_tracking_stops_and_goes_on_at_once_in_all_workers_without_the_database(tmp_path: Path) -> None:
    database = tmp_path / "var/waypost.db"
    with UpstreamInThread(ScriptedUpstream()) as upstream:
        installation = RelayInstallation(tmp_path, upstream.port, relay="workers = 2\n")
        with RunningWaypost(tmp_path) as running:
            clients = Clients(installation.smtp_port, upstream)
            assert clients.tracked() == [True, True]
            away = database.rename(database.with_suffix(".away"))
            run(tmp_path, "tracking", "off")
            assert clients.tracked() == [False, False]
            run(tmp_path, "tracking", "on")
            assert clients.tracked() == [True, True]
            run(tmp_path, "tracking", "off")
            away.rename(database)
            clients.close()
            running.stop()
        with RunningWaypost(tmp_path):
            clients = Clients(installation.smtp_port, upstream)
            assert clients.tracked() == [False, False]
            clients.close()
    [report] = found(tmp_path, "report")
    assert (report["messages"], report["rewritten"], report["links"], report["pixels"]) == (8, 4, 4, 4)
    assert report["why_untracked"] == {"switched-off": 4}
    events = found(tmp_path, "events", "list")
    assert {event["kind"] for event in events} == {"relayed"}
    assert all(event["tags"] == ["sale"] and event["metadata"] == {"customer": "42"} for event in events)


def test_a_sending_domain_goes_live_while_the_rest_observes(tmp_path: Path) -> None:
    with UpstreamInThread(ScriptedUpstream()) as upstream:
        installation = RelayInstallation(tmp_path, upstream.port, more='mode = "observe"\n')
        run(tmp_path, "sender", "add", "shop.example")
        with RunningWaypost(tmp_path) as running:
            clients = Clients(installation.smtp_port, upstream)
            assert clients.tracked() == [False, False]
            run(tmp_path, "sender", "set", "shop.example", "--tracking", "on")
            running.wait_for(
                lambda: any("domains changed" in line for line in running.log), "the change was not seen"
            )
            assert clients.tracked() == [True, True]
            clients.close()
            running.stop()
    [report] = found(tmp_path, "report")
    assert (report["observed"], report["links_observed"]) == (2, 2)
    assert (report["rewritten"], report["links"]) == (2, 2)
