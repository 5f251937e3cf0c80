"""What the README promises, done as an operator does it: commands, a running server, real DNS, real HTTP."""

import json
import re
import smtplib
import sqlite3
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
from click.testing import CliRunner

from admin.main import main
from tests.dns_server import DnsServer
from tests.running import COMMAND, RunningWaypost, UpstreamInThread, free_port, waypost
from tests.smtp_upstream import ScriptedUpstream
from tests.web.browser import Browser

PATIENCE = 60.0


def wait_until(happened: Callable[[], bool], *, patience: float = PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Installation:
    """A folder with `waypost init --demo`, on ports of its own."""

    def __init__(self, folder: Path, settings: str = "", *, http_port: int = 0) -> None:
        self.folder = folder
        self.http_port, self.smtp_port = http_port or free_port(), free_port()
        (folder / "waypost.toml").write_text(
            f'[relay]\nlisten = ["127.0.0.1:{self.smtp_port}"]\n'
            f'[tracker]\nlisten = ["127.0.0.1:{self.http_port}"]\n'
            f'[tracking]\nunknown_senders = true\ndefault_domain = "http://localhost:{self.http_port}"\n{settings}'
        )
        self.said = self.run("init", "--if-missing", "--demo")

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run a command in this process: starting a new one takes longer than all that it does."""
        done = CliRunner().invoke(main, ["--config", str(self.folder / "waypost.toml"), *arguments])
        assert done.exit_code == code, done.output
        return done.output

    def events(self, *arguments: str) -> list[dict[str, object]]:
        found: list[dict[str, object]] = json.loads(self.run("events", "list", "--json", *arguments))
        return found

    def kinds(self) -> list[object]:
        return sorted(str(event["kind"]) for event in self.events())

    def send(self, sender: str = "news@example.com", *recipients: str) -> str:
        """Send a message with one link; return what the relay answered."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, "reader@example.net", "Hello"
        message["Message-ID"] = "<story@example.com>"
        message.set_content(
            '<p><a href="https://shop.example/offer?a=1&amp;b=2">Offer</a></p>', subtype="html"
        )
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=PATIENCE) as client:
            client.ehlo()
            client.mail(sender)
            for recipient in recipients or ("reader@example.net",):
                client.rcpt(recipient)
            code, reply = client.data(message.as_bytes())
        return f"{code} {reply.decode()}"

    def last_message(self) -> str:
        newest = max((self.folder / "var/outbox").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        return newest.read_text()


def tracked_path(text: str) -> str:
    found = re.search(r'href="http://[^/"]+(/c/[^"]+)"', text)
    assert found is not None, text
    return found[1]


def pixel_path(text: str) -> str:
    found = re.search(r'src="http://[^/"]+(/o/[^"]+)"', text)
    assert found is not None, text
    return found[1]


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


def test_the_quick_start(installation: Installation) -> None:
    with RunningWaypost(installation.folder) as running:
        said = installation.run("send-test")
        assert "The relay answered: 250 " in said
        link = re.search(r"curl -i '(http://localhost:\d+)(/c/[^']+)'", said)
        assert link is not None
        [kept] = (installation.folder / "var/outbox").glob("*.eml")
        assert kept.with_suffix(".json").exists()
        text = kept.read_text()
        assert link[1] + link[2] in text
        answer = running.get(link[2])
        assert (answer.status, answer.headers["Location"]) == (302, "https://example.com/?from=waypost-test")
        assert running.get(pixel_path(text)).headers["Content-Type"] == "image/gif"
        wait_until(lambda: installation.kinds() == ["click", "open", "relayed"])
    [click] = installation.events("--kind", "click")
    assert click["recipient"] == "reader@example.net"
    assert click["url"] == "https://example.com/?from=waypost-test"
    assert "click" in installation.run("events", "list")
    shown = installation.run("preview", str(kept))
    assert "already-tracked" in shown


def test_the_first_login_opens_the_dashboard(tmp_path: Path) -> None:
    port = free_port()
    installation = Installation(tmp_path, f'[web]\nlisten = "127.0.0.1:{port}"\n')
    login = re.search(rf"http://127\.0\.0\.1:{port}: (\S+) with the password (\S+)", installation.said)
    assert login is not None
    ports = f"127.0.0.1:{installation.smtp_port}, links on http://127.0.0.1:{installation.http_port}"
    assert f"SMTP is on {ports}, the dashboard on http://127.0.0.1:{port};" in installation.said
    browser = Browser(port=port)
    with RunningWaypost(tmp_path, WAYPOST_WEB__LISTEN=f"127.0.0.1:{port}") as running:
        fields = {"name": login[1], "password": login[2]}
        assert browser.submit("/sign-in", "/sign-in", fields).location == "/"
        assert "pending tracking domains 0" in browser.get("/p/default").text
    assert login[2] not in "".join(running.log)
    assert login[2] not in installation.run("init", "--if-missing", "--demo")


def test_a_tracking_domain_of_ones_own(tmp_path: Path) -> None:
    with DnsServer() as dns:
        installation = Installation(
            tmp_path,
            f'[domains]\ncname_targets = ["t.waypost.test"]\nnameservers = ["127.0.0.1"]\n'
            f"nameserver_port = {dns.port}\nprobe_http_port = 0\nprobe_https_port = 0\n",
        )
        with RunningWaypost(installation.folder) as running:
            assert "CNAME" in installation.run("domain", "add", "track.example.com")
            dns.add("t.waypost.test", "A", "192.0.2.10")
            dns.add("track.example.com", "CNAME", "t.waypost.test")
            installation.run("domain", "verify", "track.example.com")
            installation.run("sender", "add", "example.com")
            installation.run("sender", "link", "example.com", "track.example.com")
            running.wait_for(
                lambda: any("1 tracking, 1 sending" in line for line in running.log),
                "the change was not seen",
            )
            installation.send()
            text = installation.last_message()
            assert 'href="http://track.example.com/c/' in text
            answer = running.get(tracked_path(text), host="track.example.com")
            assert answer.headers["Location"] == "https://shop.example/offer?a=1&b=2"
            installation.send("news@other.example")
            assert f'href="http://localhost:{installation.http_port}/c/' not in text
            # A link outlives its domain.
            installation.run("domain", "remove", "--force", "track.example.com")
            assert running.get(tracked_path(text), host="track.example.com").status == 302


def test_the_reply_names_the_message_and_events_find_it(installation: Installation) -> None:
    with RunningWaypost(installation.folder):
        reply = installation.send()
        identity = re.search(r"waypost=([0-9a-f]{24})", reply)
        assert identity is not None
        assert identity[1] in installation.last_message().partition("\n\n")[0]
        wait_until(lambda: installation.kinds() == ["relayed"])
    assert [event["message"] for event in installation.events("--message", identity[1])] == [identity[1]]
    assert [event["message"] for event in installation.events("--message", "story@example.com")] == [
        identity[1]
    ]
    assert installation.events("--message", "another@example.com") == []


def test_several_recipients_share_a_copy(installation: Installation) -> None:
    with RunningWaypost(installation.folder) as running:
        installation.send("news@example.com", "a@example.net", "b@example.net")
        running.get(tracked_path(installation.last_message()))
        wait_until(lambda: "click" in installation.kinds())
    [click] = installation.events("--kind", "click")
    assert click["shared_copy"] is True
    assert click["recipient"] == ""


def test_observe_reports_and_sends_the_original(installation: Installation) -> None:
    with RunningWaypost(installation.folder, WAYPOST_TRACKING__MODE="observe") as running:
        installation.send()
        assert "/c/" not in installation.last_message()
        running.wait_for(lambda: any("relayed" in line for line in running.log), "no log line")


def test_the_database_locked_while_serving(installation: Installation) -> None:
    with RunningWaypost(installation.folder) as running:
        lock = sqlite3.connect(installation.folder / "var/waypost.db", isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
        installation.send()
        path = tracked_path(installation.last_message())
        assert running.get(path).status == 302
        running.wait_for(
            lambda: any("locked" in line for line in running.log),
            "nobody was told that the database is locked",
        )
        lock.execute("ROLLBACK")
        lock.close()
        wait_until(lambda: installation.kinds() == ["click", "relayed"])


def test_the_database_gone_while_serving(installation: Installation) -> None:
    database = installation.folder / "var/waypost.db"
    with RunningWaypost(installation.folder) as running:
        database.rename(database.with_name("away"))
        installation.send()
        assert running.get(tracked_path(installation.last_message())).status == 302
        running.wait_for(
            lambda: any("missing" in line for line in running.log),
            "nobody was told that the database is gone",
        )
        assert not database.exists()
        database.with_name("away").rename(database)
        wait_until(lambda: installation.kinds() == ["click", "relayed"])


@pytest.mark.long
def test_what_was_answered_survives_a_kill(installation: Installation) -> None:
    with RunningWaypost(installation.folder, WAYPOST_JOURNAL__SHIP_SECONDS="600") as running:
        installation.send()
        path = tracked_path(installation.last_message())
        for _ in range(10):
            assert running.get(path).status == 302
        running.kill()
    with RunningWaypost(installation.folder):
        wait_until(lambda: installation.kinds() == ["click"] * 10 + ["relayed"])


def test_a_revoked_key_kills_its_links_without_a_restart(installation: Installation) -> None:
    with RunningWaypost(installation.folder) as running:
        installation.send()
        path = tracked_path(installation.last_message())
        wait_until(lambda: installation.kinds() == ["relayed"])
        installation.run("keys", "rotate", "--in", "0")
        assert "With key 1 die 1 links in 1 messages" in installation.run("keys", "revoke", "1", "--yes")
        wait_until(lambda: running.get(path).status == 404)
        installation.send()
        assert running.get(tracked_path(installation.last_message())).status == 302


def test_the_upstream_away_is_a_451(tmp_path: Path) -> None:
    installation = Installation(tmp_path, f'[upstream]\nurl = "smtp://127.0.0.1:{free_port()}"\n')
    with RunningWaypost(installation.folder), smtplib.SMTP("127.0.0.1", installation.smtp_port) as client:
        client.ehlo()
        code, reply = client.mail("news@example.com")
    assert code == 451
    assert b"4.4.1" in reply


def test_no_real_mail_carries_a_loopback_link(tmp_path: Path) -> None:
    installation = Installation(tmp_path, '[upstream]\nurl = "smtp://mx.example.net"\n')
    assert "it is not used" in installation.run("check", code=1)


def test_a_port_in_use_is_one_line(installation: Installation) -> None:
    with RunningWaypost(installation.folder):
        second = waypost(installation.folder, "serve")
    assert second.returncode == 1
    assert "cannot listen on 127.0.0.1" in second.stderr.splitlines()[-1]
    assert "Traceback" not in second.stderr


def test_one_part_alone(installation: Installation) -> None:
    with RunningWaypost(installation.folder, "--only", "tracker") as running:
        assert running.get("/healthz").status == 200
        with pytest.raises(OSError, match="refused"):
            smtplib.SMTP("127.0.0.1", installation.smtp_port, timeout=PATIENCE)


def test_sigterm_ends_it_cleanly(installation: Installation) -> None:
    with RunningWaypost(installation.folder) as running:
        assert running.stop() == 0
    assert "stopped" in running.log[-1]


def test_a_real_upstream_takes_what_was_sent(tmp_path: Path) -> None:
    with UpstreamInThread(ScriptedUpstream()) as upstream:
        installation = Installation(tmp_path, f'[upstream]\nurl = "smtp://127.0.0.1:{upstream.port}"\n')
        with RunningWaypost(installation.folder):
            upstream.answer("end", "250 2.0.0 queued as ABC")
            assert re.match(r"250 2\.0\.0 queued as ABC waypost=[0-9a-f]{24}", installation.send())
            upstream.answer("end", "554 5.7.1 no thanks")
            assert installation.send().startswith("554 5.7.1 no thanks")
        assert installation.kinds() == ["refused", "relayed"]


def test_the_command_says_its_version() -> None:
    assert COMMAND.exists()
    assert waypost(Path(), "--version").stdout.startswith("waypost, version 0.")


def test_a_start_without_the_database_makes_no_empty_one(installation: Installation) -> None:
    (installation.folder / "var/waypost.db").unlink()
    refused = waypost(installation.folder, "serve")
    assert refused.returncode == 1
    assert "is missing" in refused.stderr
    assert not (installation.folder / "var/waypost.db").exists()
