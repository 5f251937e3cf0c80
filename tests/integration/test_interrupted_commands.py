"""Commands that are killed at any moment: the database is whole, and the next one goes on."""

import contextlib
import json
import random
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.engine import open_engine
from storage.event_store import SqlEventStore
from tests.dns_server import DnsServer
from tests.events.records import AT, hit
from tests.integration.test_story import Installation
from tests.running import COMMAND, clean_environment

TARGET = "t.waypost.test"
KILLS = 20
# Loading the command takes most of the time, and nothing happens then.
LONGEST_SHARE, SHORTEST_SHARE = 1.05, 0.45


class Scene:
    """An installation whose commands run in processes of their own."""

    def __init__(self, folder: Path, dns: DnsServer) -> None:
        self.folder = folder
        self.installation = Installation(
            folder,
            f'[domains]\ncname_targets = ["{TARGET}"]\nnameservers = ["127.0.0.1"]\n'
            f'nameserver_port = {dns.port}\ncertificate_authority = ""\n'
            "probe_http_port = 0\nprobe_https_port = 0\n",
        )

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [COMMAND, *arguments],
            cwd=self.folder,
            env=clean_environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def seconds_of_a_command(self) -> float:
        began = time.monotonic()
        self.start("domain", "verify", "steady.example.com").wait()
        return time.monotonic() - began

    def domains(self) -> dict[str, dict[str, object]]:
        listed = json.loads(self.installation.run("domain", "list", "--retired", "--json"))
        return {each["name"]: each for each in listed}

    def assert_whole(self) -> None:
        """Check what must hold after any kill: defaults, links, and a history that ends as the domain is."""
        domains = self.domains()
        assert sum(bool(each["is_default"]) for each in domains.values()) <= 1
        assert domains["steady.example.com"]["state"] == "verified"
        for name, domain in domains.items():
            entries = json.loads(self.installation.run("domain", "history", name, "--json"))
            assert [each["before"] for each in entries][1:] == [each["after"] for each in entries][:-1]
            assert entries[-1]["after"] == domain["state"]
        [sender] = json.loads(self.installation.run("sender", "list", "--json"))
        linked = sender["tracking_domain"]
        assert linked is None or domains[linked]["state"] != "retired"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with DnsServer() as dns:
        dns.add(TARGET, "A", "192.0.2.10")
        for name in ("steady", "one", "two"):
            dns.add(f"{name}.example.com", "CNAME", TARGET)
        yield Scene(tmp_path, dns)


@pytest.mark.long
def test_killed_at_many_moments(scene: Scene) -> None:
    run = scene.installation.run
    run("domain", "add", "steady.example.com")
    run("domain", "verify", "steady.example.com")
    run("sender", "add", "example.com")
    whole = scene.seconds_of_a_command()
    randomly = random.Random(7)
    ended = 0
    for number in range(KILLS):
        arguments = next_command(scene, number)
        process = scene.start(*arguments)
        time.sleep(whole * randomly.uniform(SHORTEST_SHARE, LONGEST_SHARE))
        process.send_signal(signal.SIGINT if number % 2 else signal.SIGKILL)
        ended += process.wait(30) == 0
        scene.assert_whole()
    assert ended < KILLS, "none was killed"


def next_command(scene: Scene, number: int) -> tuple[str, ...]:
    """Return what moves `one` or `two` on from wherever the last command left it."""
    domains = scene.domains()
    name = next((each for each in ("one.example.com", "two.example.com") if present(domains, each)), "")
    if not name:
        return ("domain", "add", "one.example.com")
    if domains[name]["state"] != "verified":
        scene.installation.run("sender", "link", "example.com", name)
        return ("domain", "verify", name)
    other = "two.example.com" if name.startswith("one") else "one.example.com"
    if number % 3:
        return ("domain", "update", name, "--name", other)
    return ("domain", "remove", "--force", name)


def present(domains: dict[str, dict[str, object]], name: str) -> bool:
    return name in domains and domains[name]["state"] != "retired"


HITS = 60_000


def thought(folder: Path) -> list[tuple[str, str, str, int]]:
    with contextlib.closing(sqlite3.connect(folder / "var/waypost.db")) as connection:
        return connection.execute("SELECT id, verdict, reasons, rules FROM hits ORDER BY id").fetchall()


def forget_verdicts(folder: Path) -> None:
    with contextlib.closing(sqlite3.connect(folder / "var/waypost.db")) as connection, connection:
        connection.execute("UPDATE hits SET verdict = 'human', reasons = '', rules = 0")


def changed(output: str) -> int:
    found = re.search(r"(\d+) changed", output)
    assert found is not None
    return int(found[1])


@pytest.mark.long
def test_judging_again_goes_on_wherever_it_was_killed(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    engine = open_engine(f"sqlite:///{tmp_path}/var/waypost.db")
    SqlEventStore(engine).add([hit(n, at=AT + n * 700, link=n % 9, user_agent="") for n in range(HITS)])
    engine.dispose()
    began = time.monotonic()
    installation.run("events", "reclassify")
    whole = time.monotonic() - began
    right = thought(tmp_path)
    forget_verdicts(tmp_path)
    cut_short = 0
    for share, number in ((0.5, signal.SIGKILL), (0.7, signal.SIGINT), (0.9, signal.SIGKILL)):
        process = subprocess.Popen(
            [COMMAND, "events", "reclassify"],
            cwd=tmp_path,
            env=clean_environment(),
            stdout=subprocess.DEVNULL,
        )
        time.sleep(whole * share)
        process.send_signal(number)
        cut_short += process.wait(60) != 0
    left = sum(rules == 0 for *_, rules in thought(tmp_path))
    assert cut_short
    assert changed(installation.run("events", "reclassify")) == left
    assert thought(tmp_path) == right
