import asyncio
import contextlib
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from links.key_ring import KeyRing
from service.key_file import new_secret, save_key_ring
from service.settings import KeysSection, Settings
from service.workers.background_process import BackgroundProcess
from service.workers.messages import BeginWork
from storage.domain_store import SqlDomainStore
from storage.engine import open_engine
from storage.migrate import upgrade
from tests.dns_server import DnsServer, Failure

TARGET = "links.waypost.test"
PATIENCE = 30.0


class Scene:
    """A database, the DNS that its domains have, and what the process is to begin with."""

    def __init__(self, folder: Path, dns: DnsServer) -> None:
        self.file = folder / "waypost.db"
        self.begun = 0
        self._folder = folder
        self._port = dns.port
        self._keys = KeysSection(file=folder / "keys.json")
        save_key_ring(self._keys.file, KeyRing.first(new_secret(), 0))
        upgrade(f"sqlite:///{self.file}")

    def add(self, name: str) -> None:
        """Add a domain whose check is due."""
        engine = open_engine(f"sqlite:///{self.file}")
        store = SqlDomainStore(engine)
        store.add_tracking_domain(project=1, name=name, target=TARGET, created_at=datetime.now(UTC))
        engine.dispose()

    def begin(self) -> BeginWork:
        self.begun += 1
        settings = Settings()
        domains = replace(
            settings.domains,
            cname_targets=(TARGET,),
            nameservers=("127.0.0.1",),
            nameserver_port=self._port,
            dns_seconds=60.0,
            certificate_authority="",
            probe_http_port=0,
            probe_https_port=0,
        )
        database = replace(settings.database, url=f"sqlite:///{self.file}")
        return BeginWork(
            settings=replace(settings, database=database, domains=domains, keys=self._keys),
            owner=f"owner {self.begun}",
            numbers=self._folder,
            slot=0,
        )

    def rows(self, column: str) -> list[str | None]:
        with contextlib.closing(sqlite3.connect(self.file)) as connection:
            query = f"SELECT {column} FROM tracking_domains ORDER BY name"
            return [value for [value] in connection.execute(query)]


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    with DnsServer() as server:
        server.add(TARGET, "A", "192.0.2.10")
        server.add("track.example.com", "CNAME", TARGET)
        server.fail("hanging.example.com", Failure.DROP)
        yield server


@pytest.fixture
def scene(tmp_path: Path, dns: DnsServer) -> Scene:
    return Scene(tmp_path, dns)


def checker(scene: Scene, **options: Any) -> BackgroundProcess:
    return BackgroundProcess(scene.begin, module="service.workers.checker", task="checks domains", **options)


@contextlib.asynccontextmanager
async def running(process: BackgroundProcess) -> AsyncIterator[None]:
    task = asyncio.create_task(process.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - another process has no event
            await asyncio.sleep(0.02)


def alive(pid: int | None) -> bool:
    return pid is not None and Path(f"/proc/{pid}").exists()


def test_it_checks_what_is_due_and_ends_when_it_should(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    async def play() -> None:
        scene.add("track.example.com")
        process = checker(scene)
        async with running(process):
            await until(lambda: scene.rows("state") == ["verified"])
            assert scene.rows("leased_to") == [None]
            assert alive(process.pid)
        assert not alive(process.pid)

    asyncio.run(play())
    assert caplog.messages == []


def test_one_that_dies_is_replaced_and_told(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    async def play() -> None:
        process = checker(scene, wait=lambda deaths: 0)
        async with running(process):
            await until(lambda: process.pid)
            first = process.pid
            assert first is not None
            os.kill(first, signal.SIGKILL)
            await until(lambda: process.pid != first)
            scene.add("track.example.com")
            await until(lambda: scene.rows("state") == ["verified"])

    asyncio.run(play())
    assert caplog.messages == ["the process that checks domains died (SIGKILL); another starts in 0 s"]


def test_renewing_has_another_begin_and_tells_nothing(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    async def play() -> None:
        process = checker(scene)
        process.renew()  # before there is one
        async with running(process):
            await until(lambda: process.pid)
            first = process.pid
            process.renew()
            await until(lambda: process.pid != first)
            scene.add("track.example.com")
            await until(lambda: scene.rows("state") == ["verified"])
        assert not alive(first)

    asyncio.run(play())
    assert scene.begun == 2
    assert caplog.messages == []


def test_a_check_that_hangs_is_abandoned_at_the_end_and_its_lease_given_back(scene: Scene) -> None:
    async def play() -> None:
        scene.add("hanging.example.com")
        process = checker(scene)
        async with running(process):
            await until(lambda: scene.rows("leased_to") == ["owner 1"])
        assert not alive(process.pid)

    asyncio.run(play())
    assert scene.rows("leased_to") == [None]
    assert scene.rows("checked_at") == [None]
