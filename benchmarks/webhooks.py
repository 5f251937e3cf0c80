"""From the commit of an event to its arrival at an endpoint: 1,000 a second, and beside a dead endpoint."""

import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median

from benchmarks.events import hit
from links.key_ring import KeyRing
from service.key_file import new_secret, save_key_ring
from service.settings import DatabaseSection, KeysSection, LogLevel, LogSection, Settings, WebhooksSection
from service.webhooks.wiring import secret_seal
from service.workers.messages import BeginWork
from storage.engine import open_engine
from storage.event_store import SqlEventStore
from storage.migrate import upgrade
from storage.webhook_store import SqlWebhookStore
from tests.events.webhooks.builders import webhook
from tests.postgresql import PostgreSQL
from tests.webhook_receiver import Behaviour, Receiver, answers

PER_SECOND = 1_000
SECONDS = 15  # of many events
TURNS = 8  # of few
SELDOM = 5.0  # seconds between two of them
START = 3.0  # seconds until the process runs
ENDPOINTS = 100
PATIENCE = 120.0


class Scene:
    """A database with webhooks, the process that sends to them, and a receiver here."""

    def __init__(self, folder: Path, url: str, receiver: Receiver) -> None:
        upgrade(url)
        self._folder = folder
        self._receiver = receiver
        self._keys = KeysSection(file=folder / "keys.json")
        self._ring = KeyRing.first(new_secret(), 0)
        save_key_ring(self._keys.file, self._ring)
        self._url = url
        self._engine = open_engine(url)
        self._store = SqlEventStore(self._engine)
        self._stored: dict[str, float] = {}  # when each event was committed
        self._next = 0

    def add(self, *paths: str) -> None:
        """Add a webhook for each path, which wants clicks."""
        seal, store = secret_seal(lambda: self._ring), SqlWebhookStore(self._engine)
        for number, path in enumerate(paths):
            name = f"{number:012x}"
            store.add(webhook(id=name, url=self._receiver.url(path), secret=seal.seal(name, b"s" * 32)))

    def happen(self, count: int) -> None:
        """Store so many clicks in one batch."""
        batch = [hit(number) for number in range(self._next, self._next + count)]
        self._next += count
        self._store.add(batch)
        self._stored |= dict.fromkeys((each.id for each in batch), time.time())

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Run the process that sends."""
        settings = replace(
            Settings(),
            database=DatabaseSection(url=self._url),
            keys=self._keys,
            log=LogSection(level=LogLevel.ERROR),
            webhooks=WebhooksSection(allow_private=("127.0.0.0/8",)),
        )
        begin = BeginWork(settings=settings, owner="benchmark", numbers=self._folder, slot=0)
        command = [sys.executable, "-m", "service.workers.deliverer"]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
            assert process.stdin is not None
            process.stdin.write(pickle.dumps(begin))
            process.stdin.flush()
            yield
            process.stdin.close()

    def delays(self, *paths: str) -> list[float]:
        """Wait until everything came there, and return the seconds that each event took."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            came = [each for each in list(self._receiver.requests) if each.path in paths]
            if sum(each.body.count(b'"kind":') for each in came) >= self._next * len(paths):
                break
            time.sleep(0.5)
        else:
            raise RuntimeError("events did not arrive")
        found = [each.at - self._stored[event["id"]] for each in came for event in each.events]
        return sorted(found)

    def dispose(self) -> None:
        self._engine.dispose()


def happen_often(scene: Scene, count: int, *, times: int, every: float) -> None:
    """Store `count` clicks so often, with so many seconds between."""
    started = time.monotonic()
    for turn in range(times):
        time.sleep(max(0.0, started + turn * every - time.monotonic()))
        scene.happen(count)


def one_fast(scene: Scene) -> list[float]:
    scene.add("/")
    with scene.sending():
        time.sleep(START)
        happen_often(scene, PER_SECOND, times=SECONDS, every=1.0)
        return scene.delays("/")


def of_many(scene: Scene) -> list[float]:
    """One event now and then for each; the first endpoint may be dead, and is not waited for."""
    paths = [f"/{number}" for number in range(ENDPOINTS)]
    scene.add(*paths)
    with scene.sending():
        time.sleep(START)
        happen_often(scene, 1, times=TURNS, every=SELDOM)
        return scene.delays(*paths[1:])


def measure(name: str, run: Callable[[Scene], list[float]], first: Behaviour, server: PostgreSQL) -> None:
    for database in ("SQLite", "PostgreSQL"):
        with tempfile.TemporaryDirectory() as folder, Receiver() as receiver:
            url = f"sqlite:///{folder}/waypost.sqlite"
            if database == "PostgreSQL":
                number = Path(folder).name
                server.execute("CREATE DATABASE {}", number)
                url = server.url(number)
            receiver.behave["/0"] = first
            scene = Scene(Path(folder), url, receiver)
            delays = run(scene)
            scene.dispose()
        late = delays[int(len(delays) * 0.95)]
        print(
            f"{name:40} {database:10} {median(delays):7.2f} s {late:7.2f} s {delays[-1]:7.2f} s", flush=True
        )


def main() -> None:
    print("from the commit of an event to its arrival; the receiver is in this process")
    print(f"{'':51} {'median':>9} {'95 %':>9} {'most':>9}")
    hangs: Behaviour = lambda handler: time.sleep(60)  # noqa: E731
    with PostgreSQL(durable=True) as server:
        measure(f"one endpoint, {PER_SECOND:,} events a second", one_fast, answers(204), server)
        measure(f"{ENDPOINTS} endpoints, an event every {SELDOM:g} s", of_many, answers(204), server)
        measure("the same, one of them never answers", of_many, hangs, server)


if __name__ == "__main__":
    main()
