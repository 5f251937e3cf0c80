"""Tracking domains checked by two servers on one database: each once, whoever dies."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.domain_store import SqlDomainStore
from storage.domain_tables import tracking_domains
from storage.engine import open_engine
from tests.dns_server import DnsServer
from tests.integration.test_story import Installation
from tests.postgresql import PostgreSQL
from tests.running import RunningWaypost
from tests.storage.databases import Database

PATIENCE = 60.0
DOMAINS = 200
SOME = 20
TARGET = "links.waypost.test"
AT_A_TIME = 4


class PatientDnsServer(DnsServer):
    """Answers nobody while it is told to wait, and then everybody."""

    def __init__(self) -> None:
        self.answers = threading.Event()
        self.answers.set()
        super().__init__()

    def reply(self, wire: bytes, transport: str) -> bytes | None:
        self.answers.wait(PATIENCE)
        return super().reply(wire, transport)


@pytest.fixture
def dns() -> Iterator[PatientDnsServer]:
    with PatientDnsServer() as server:
        server.add(TARGET, "A", "192.0.2.10")
        for number in range(DOMAINS):
            server.add(name(number), "CNAME", TARGET)
        yield server


@pytest.fixture(params=[pytest.param("sqlite", marks=pytest.mark.long), "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        yield Database(url=f"sqlite:///{tmp_path}/waypost.db")
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    server.execute("CREATE DATABASE {}", "checks")
    yield Database(url=server.url("checks"), server=server)
    server.execute("DROP DATABASE {} WITH (FORCE)", "checks")


class Scene:
    """Two servers that do nothing but background work, on a database of domains."""

    def __init__(self, folder: Path, database: Database, dns: PatientDnsServer) -> None:
        self.database = database
        self.dns = dns
        settings = (
            f'[database]\nurl = "{database.url}"\n'
            f'[domains]\ncname_targets = ["{TARGET}"]\nnameservers = ["127.0.0.1"]\n'
            f"nameserver_port = {dns.port}\ndns_seconds = 60.0\nconcurrent_checks = {AT_A_TIME}\n"
            'certificate_authority = ""\nprobe_http_port = 0\nprobe_https_port = 0\n'
        )
        self.folders = [folder / "one", folder / "two"]
        for each in self.folders:
            each.mkdir()
            Installation(each, settings)

    def serve(self, running: ExitStack) -> list[RunningWaypost]:
        return [
            running.enter_context(RunningWaypost(folder, "--only", "background")) for folder in self.folders
        ]

    def count(self, condition: str) -> int:
        query = f"SELECT count(*) FROM tracking_domains WHERE {condition}"
        [[count]] = self.database.execute(query)
        return int(count)

    def wait_for(self, condition: str, count: int) -> None:
        """Wait for as long as something happens: the checks give way to whatever else the machine does."""
        before, deadline = None, 0.0
        while (found := self.count(condition)) != count:
            if found != before:
                before, deadline = found, time.monotonic() + PATIENCE
            assert time.monotonic() < deadline, f"{condition}: {found}, not {count}"
            time.sleep(0.05)

    def questions(self) -> Counter[str]:
        """Return how often each domain was asked for."""
        asked = (each.name for each in self.dns.questions if each.kind == "CNAME")
        return Counter(each for each in asked if each.startswith("track."))

    def add_domains(self, count: int) -> None:
        """Add so many that are due."""
        engine = open_engine(self.database.url)
        store = SqlDomainStore(engine)
        for number in range(count):
            store.add_tracking_domain(
                project=1, name=name(number), target=TARGET, created_at=datetime.now(UTC)
            )
        engine.dispose()


@pytest.fixture
def scene(tmp_path: Path, database: Database, dns: PatientDnsServer) -> Scene:
    return Scene(tmp_path, database, dns)


def name(number: int) -> str:
    return f"track.customer{number}.example"


def checker_of(running: RunningWaypost) -> int:
    """Return the id of the process that checks, once there is one."""
    process = running.process.pid
    children = Path(f"/proc/{process}/task/{process}/children")
    running.wait_for(lambda: children.read_text(), "nobody checks")
    return int(children.read_text())


@pytest.mark.long
def test_each_domain_is_checked_once(scene: Scene) -> None:
    scene.add_domains(DOMAINS)
    with ExitStack() as stack:
        both = scene.serve(stack)
        scene.wait_for("state = 'verified'", DOMAINS)
        assert scene.count("leased_to IS NOT NULL") == 0
    questions = scene.questions()
    assert len(questions) == DOMAINS
    assert {asked: count for asked, count in questions.items() if count > 1} == {}
    told = [line for running in both for line in running.log if "pending to verified" in line]
    assert len(told) == DOMAINS


@pytest.mark.long
def test_what_a_machine_that_died_had_taken_is_checked_once_its_lease_is_over(scene: Scene) -> None:
    scene.add_domains(SOME)
    scene.dns.answers.clear()
    with ExitStack() as stack:
        dying, other = scene.serve(stack)
        scene.wait_for("leased_to IS NOT NULL", 2 * AT_A_TIME)
        checker = checker_of(dying)
        os.kill(dying.process.pid, signal.SIGSTOP)  # lest it starts another
        os.kill(checker, signal.SIGKILL)
        dying.kill()
        scene.dns.answers.set()
        scene.wait_for("state = 'verified'", SOME - AT_A_TIME)
        assert scene.count("leased_to IS NOT NULL") == AT_A_TIME
        own = tracking_domains.c
        engine = scene.database.outside()
        with engine.begin() as connection:
            past = datetime(2026, 1, 1, tzinfo=UTC)
            connection.execute(
                tracking_domains.update().where(own.leased_to.is_not(None)).values(leased_until=past)
            )
        engine.dispose()
        scene.wait_for("state = 'verified'", SOME)
        assert other.process.poll() is None


@pytest.mark.long
def test_a_checker_whose_parent_is_killed_ends_and_releases_what_it_had_taken(scene: Scene) -> None:
    scene.add_domains(SOME)
    scene.dns.answers.clear()
    with ExitStack() as stack:
        running = stack.enter_context(RunningWaypost(scene.folders[0], "--only", "background"))
        scene.wait_for("leased_to IS NOT NULL", AT_A_TIME)
        checker = checker_of(running)
        running.kill()
        scene.wait_for("leased_to IS NOT NULL", 0)
        deadline = time.monotonic() + PATIENCE
        while Path(f"/proc/{checker}/cmdline").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        scene.dns.answers.set()
