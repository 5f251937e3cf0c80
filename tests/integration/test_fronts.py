"""The fronts of `deploy/` before a running Waypost: readers get what the tracker says, and are recorded as
themselves.
"""

import contextlib
import json
import re
import smtplib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from click.testing import CliRunner

from admin.main import main
from tests.dns_server import DnsServer
from tests.fronts import Caddy, Front, HaProxyPassingThrough, HaProxyTerminating, Nginx, Tracker
from tests.knot import require
from tests.running import RunningWaypost, free_port

pytestmark = pytest.mark.long  # each test process starts four fronts of its own

HOST, TARGET, NEVER = "track.example.com", "t.waypost.test", "never.example.com"
READER = "127.0.0.5"
"""The address that clients come from; fronts speak from 127.0.0.1."""

HOP_BY_HOP = {"date", "connection", "keep-alive", "server"}
SCHEMES = ("http", "https")

MESSAGE = (
    b"From: news@example.com\r\nTo: reader@example.net\r\nSubject: x\r\nContent-Type: text/html\r\n\r\n"
    b"<a href='https://shop.example/offer?a=1&amp;b=2'>Offer</a>\r\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What curl got; `headers` in lower case, without what each server says for itself. -1: no connection."""

    status: int
    headers: dict[str, str]
    body: str = ""


NOTHING = Answer(status=-1, headers={})


class Installation:
    """Waypost behind a front, with one tracking domain whose DNS leads to it."""

    def __init__(self, folder: Path, kind: type[Front], dns: DnsServer) -> None:
        self.tracker = Tracker(http=free_port(), https=free_port(), private=free_port())
        self.folder = folder
        authority = trustme.CA()
        (folder / "front").mkdir()
        self.front = kind(folder / "front", self.tracker, authority)
        dns.add(TARGET, "A", "127.0.0.1")
        dns.add(HOST, "CNAME", TARGET)
        (folder / "waypost.toml").write_text(self._settings(dns.port))
        self.run("init", "--if-missing")
        for host in (HOST, NEVER):
            self.run("domain", "add", host)
        self.run("sender", "add", "example.com")
        self.run("sender", "link", "example.com", HOST)

    def _settings(self, dns_port: int) -> str:
        if isinstance(self.front, HaProxyPassingThrough):
            (self.folder / "cert.pem").write_bytes(self.front.chain)
            (self.folder / "key.pem").write_bytes(self.front.key)
            tracker = 'proxy_peers = ["127.0.0.1/32"]'
            tls = (
                f'[tls]\nlisten = ["127.0.0.1:{self.tracker.https}"]\n'
                'certificate = "cert.pem"\nkey = "key.pem"\n'
            )
        else:
            tracker, tls = 'trusted_proxies = ["127.0.0.1/32"]', '[tls]\nmode = "external"\n'
        return (
            '[relay]\nlisten = ["127.0.0.1:0"]\n'
            f'[tracker]\nlisten = ["127.0.0.1:{self.tracker.http}"]\n{tracker}\n{tls}'
            f'[domains]\nbackground_checks = false\ncname_targets = ["{TARGET}"]\n'
            f'nameservers = ["127.0.0.1"]\nnameserver_port = {dns_port}\n'
            f"probe_http_port = {self.front.http_port}\nprobe_https_port = {self.front.https_port}\n"
            f'probe_ca_file = "{self.front.root}"\n'
        )

    @contextlib.contextmanager
    def serving(self) -> Iterator[None]:
        private = f"127.0.0.1:{self.tracker.private}"
        with RunningWaypost(self.folder, WAYPOST_MONITORING__LISTEN=private) as running, self.front:
            self.running = running
            self.verify()
            yield

    def run(self, *arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(main, ["--config", str(self.folder / "waypost.toml"), *arguments])
        assert done.exit_code == code, done.output
        return done.output

    def verify(self) -> None:
        """Check as an operator does: Caddy's first certificate can be had once the DNS was seen."""
        said = self.run("domain", "verify", HOST)
        assert f"{HOST}: verified." in said
        self.running.wait_for(
            lambda: self.curl(f"https://{HOST}/healthz").status == 200, f"no HTTPS: {self.front.log()}"
        )
        assert self.run("domain", "verify", HOST) == f"{HOST}: verified. {HOST} points to {TARGET}.\n"
        self.running.wait_for(lambda: self.link().startswith("https:"), "the proof over HTTPS was not seen")

    def link(self, recipient: str = "reader@example.net") -> str:
        """Send a message and return the tracked link in it, "" where there is none yet."""
        with smtplib.SMTP("127.0.0.1", self.running.smtp_port, timeout=60) as client:
            client.sendmail("news@example.com", [recipient], MESSAGE)
        newest = max((self.folder / "var/outbox").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        found = re.search(rf"https?://{re.escape(HOST)}/c/[\w.~-]+", newest.read_text())
        return found[0] if found else ""

    def clicked_from(self, recipient: str) -> list[str]:
        """Wait for clicks of that recipient in the database, and return the addresses that they came from."""
        found: list[str] = []

        def arrived() -> bool:
            clicks = json.loads(self.run("events", "list", "--json", "--kind", "click"))
            found[:] = [click["address"] for click in clicks if click["recipient"] == recipient]
            return bool(found)

        self.running.wait_for(arrived, f"no click of {recipient} was recorded")
        return found

    def curl(self, url: str, *options: str, direct: bool = False) -> Answer:
        """Ask for a URL through the front, or the tracker itself where `direct`."""
        to = {"http": self.front.http_port, "https": self.front.https_port}
        if direct:
            to = {"http": self.tracker.http, "https": self.tracker.https}
        return ask(url, to[url.partition(":")[0]], self.front.root, *options)


def ask(url: str, port: int, root: Path, *options: str) -> Answer:
    """Ask for a URL at a port of this machine; `root` is the file of the certificate to trust."""
    command = [
        *(require("curl"), "--silent", "--show-error", "--include", "--max-time", "20"),
        *("--interface", READER, "--cacert", str(root), "--connect-to", f"::127.0.0.1:{port}"),
    ]
    done = subprocess.run([*command, *options, url], capture_output=True, check=False)
    return _answer(done.stdout.decode("latin-1")) if done.returncode == 0 else NOTHING


def _answer(said: str) -> Answer:
    head, _, body = said.partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    own = {name: value for name, value in headers.items() if name not in HOP_BY_HOP}
    return Answer(status=int(first.split()[1]), headers=own, body=body)


KINDS = [Caddy, Nginx, HaProxyPassingThrough, HaProxyTerminating]


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.__name__)
def behind(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    with DnsServer() as dns:
        installation = Installation(tmp_path_factory.mktemp("front"), request.param, dns)
        with installation.serving():
            yield installation


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_click_is_answered_and_recorded_as_the_reader_s(behind: Installation, scheme: str) -> None:
    link = behind.link(f"{scheme}@example.net").replace("https:", f"{scheme}:")
    answer = behind.curl(link)
    assert (answer.status, answer.headers["location"]) == (302, "https://shop.example/offer?a=1&b=2")
    assert behind.clicked_from(f"{scheme}@example.net") == [READER]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_a_client_says_of_itself_is_not_believed(behind: Installation, scheme: str) -> None:
    link = behind.link(f"{scheme}-forger@example.net").replace("https:", f"{scheme}:")
    forged = "X-Forwarded-For: 192.0.2.66"
    assert behind.curl(link, "--header", forged).status == 302
    assert behind.curl(link, "--header", forged, "--header", forged, "--http1.1").status == 302
    assert set(behind.clicked_from(f"{scheme}-forger@example.net")) == {READER}


def test_nor_past_the_front(behind: Installation) -> None:
    """The reader's address is not listed, whatever it puts in front."""
    link = behind.link("direct@example.net").replace("https:", "http:")
    assert behind.curl(link, "--header", "X-Forwarded-For: 192.0.2.66", direct=True).status == 302
    assert behind.clicked_from("direct@example.net") == [READER]
    assert behind.curl(link, "--haproxy-protocol", direct=True).status in (-1, 400)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("options", [[], ["--head"], ["--http1.1"], ["--request", "POST"]], ids=" ".join)
def test_answers_are_the_tracker_s_own(behind: Installation, scheme: str, options: list[str]) -> None:
    """No HSTS, no redirect to https, no caching, no announcement of another protocol, nothing packed."""
    link = behind.link().replace("https:", f"{scheme}:")
    for path in ("", "x", "/../../robots.txt", "//o/unknown?a=%2f&b=", "%2e%41"):
        options = [*options, "--path-as-is", "--compressed"]
        through = behind.curl(link + path, *options)
        assert through.status > 0
        assert through == behind.curl(f"http:{link.partition(':')[2]}{path}", *options, direct=True)
        assert "strict-transport-security" not in through.headers


def test_waypost_check_sees_that_the_front_leads_here(behind: Installation) -> None:
    findings = json.loads(behind.run("check", "--json"))
    said = [f"{each['level']} {each['message']}" for each in findings]
    assert f"ok http://{TARGET} reaches this installation" in said
    assert [each["level"] for each in findings if each["subject"] in ("settings", "tracker")] == ["ok", "ok"]


def test_a_host_that_was_never_verified_gets_no_handshake(behind: Installation) -> None:
    assert behind.curl(f"https://{NEVER}/healthz").status == -1
    assert behind.curl(f"http://{NEVER}/healthz").status == 200
    if isinstance(behind.front, Caddy):
        assert behind.front.certified() == {HOST}


@pytest.mark.parametrize("kind", KINDS)
def test_no_token_is_logged_where_the_tracker_is_away(kind: type[Front], tmp_path: Path) -> None:
    nobody = Tracker(http=free_port(), https=free_port(), private=free_port())
    with kind(tmp_path, nobody, trustme.CA()) as front:
        asked = ask(f"http://{HOST}/c/secret", front.http_port, front.root)
    assert asked.status in (-1, 502, 503)
    assert "secret" not in front.log()
