"""Every click and open that was answered is in the table exactly once, whoever dies meanwhile."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select

from events.ports import StoreUnavailable
from events.segments import segments
from links import ClickToken, KeyRing, OpenToken, parse_key_ring, seal
from service.observing import waiting_bytes
from storage.engine import open_engine, transaction
from storage.event_tables import hits
from tests.click_load import ClickLoad
from tests.integration.test_story import Installation, wait_until
from tests.postgresql import PASSWORD, USER, PostgreSQL
from tests.running import RunningWaypost

READERS = 3
SHIPPING = 240.0  # seconds for a minute's hits, of which the last wait between two attempts is thirty
MESSAGE = "01977420dc00010203040506"
REFERENCE = "a1b2c3d4e5f60718"
# So often that a kill mostly meets a shipper at work.
OFTEN = {"WAYPOST_JOURNAL__SHIP_SECONDS": "0.05", "WAYPOST_DOMAINS__BACKGROUND_CHECKS": "false"}


class Tracked(Installation):
    """Tracker and shipper are processes of their own; and what the table of hits holds."""

    def __init__(self, folder: Path, url: str, settings: str = "") -> None:
        super().__init__(folder, settings)
        self._engine = open_engine(url)
        self.journal = folder / "var/journal"

    def part(self, name: str) -> RunningWaypost:
        return RunningWaypost(self.folder, "--only", name, **OFTEN)

    def load(self) -> ClickLoad:
        ring = parse_key_ring((self.folder / "var/keys.json").read_text())
        return ClickLoad(self.http_port, paths(ring), count=READERS)

    def counted(self) -> Counter[int]:
        """Return how often each number stands in the table."""
        with transaction(self._engine, writes=False, raising=StoreUnavailable) as connection:
            return Counter(map(int, connection.execute(select(hits.c.user_agent)).scalars()))

    def ship_all(self) -> None:
        with self.part("background"):
            self.wait_until_shipped()

    def wait_until_shipped(self) -> None:
        """Wait until nothing is in the journal but what living writers have not yet begun."""
        wait_until(lambda: waiting_bytes(self.journal) == 0, patience=SHIPPING)

    def dispose(self) -> None:
        self._engine.dispose()


def paths(ring: KeyRing) -> list[str]:
    key = ring.sealing(time.time_ns() // 1_000_000)
    tokens = [
        ClickToken(project=1, message=MESSAGE, recipient=REFERENCE, link=link, url="https://shop.example/")
        for link in (1, 2, 3)
    ]
    pixel = OpenToken(project=1, message=MESSAGE, recipient=REFERENCE)
    return [*(f"/c/{seal(token, key)}" for token in tokens), f"/o/{seal(pixel, key)}"]


@pytest.fixture(params=["sqlite, fsync", "postgresql"])
def tracked(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tracked]:
    if request.param != "postgresql":
        url = f"sqlite:///{tmp_path}/var/waypost.db"
        installation = Tracked(tmp_path, url, "[journal]\nfsync = true\n")
        yield installation
        installation.dispose()
    else:
        yield from on_postgresql(request.getfixturevalue("postgresql"), tmp_path)


@pytest.fixture
def tracked_on_postgresql(postgresql: PostgreSQL, tmp_path: Path) -> Iterator[Tracked]:
    yield from on_postgresql(postgresql, tmp_path)


def on_postgresql(server: PostgreSQL, folder: Path) -> Iterator[Tracked]:
    server.execute("CREATE DATABASE {}", "counted")
    (folder / "password").write_text(f"{PASSWORD}\n")
    url = f"postgresql://{USER}@127.0.0.1:{server.port}/counted"
    settings = f'[database]\nurl = "{url}"\npassword_file = "password"\n'
    installation = Tracked(folder, server.url("counted"), settings)
    yield installation
    installation.dispose()
    server.execute("DROP DATABASE {} WITH (FORCE)", "counted")


def assert_each_once(tracked: Tracked, load: ClickLoad, tracker_kills: int) -> None:
    """What was cut off may have been written down before: once at most, and one for each reader and kill."""
    assert load.surprises == []
    counted = tracked.counted()
    assert set(counted.values()) == {1}
    assert load.answered - set(counted) == set()
    unanswered = set(counted) - load.answered
    assert unanswered <= load.asked
    assert len(unanswered) <= READERS * tracker_kills


def at_work(tracked: Tracked, shipper: RunningWaypost, running: ExitStack, load: ClickLoad) -> RunningWaypost:
    """Stop the shipper until much waits; return another one in the midst of carrying that away."""
    shipper.stop()
    some = len(load.answered) + 300
    wait_until(lambda: len(load.answered) > some)
    oldest = segments(tracked.journal)[0]
    shipper = running.enter_context(tracked.part("background"))
    wait_until(lambda: not oldest.exists())
    return shipper


def kill_under_load(tracked: Tracked, kills: int, seed: int) -> None:
    """Kill tracker and shipper `kills` times each, in an order and at moments that the seed says."""
    random = Random(seed)
    order = ["tracker", "background"] * kills
    random.shuffle(order)
    with ExitStack() as running, tracked.load() as load:
        parts = {name: running.enter_context(tracked.part(name)) for name in ("tracker", "background")}
        for victim in order:
            some = len(load.answered) + random.randrange(20, 300)
            parts[victim].wait_for(lambda some=some: len(load.answered) > some, "nothing is answered")
            if victim == "background":
                parts[victim] = at_work(tracked, parts[victim], running, load)
            parts[victim].kill()
            parts[victim] = running.enter_context(tracked.part(victim))
        load.stop()
    tracked.ship_all()
    assert_each_once(tracked, load, kills)


@pytest.mark.long
def test_twenty_kills_each_of_tracker_and_shipper_lose_and_double_nothing(tracked: Tracked) -> None:
    kill_under_load(tracked, kills=20, seed=20)


def stop_the_database_under_load(tracked: Tracked, server: PostgreSQL, seconds: float) -> None:
    with tracked.part("tracker") as tracker, tracked.part("background") as shipper, tracked.load() as load:
        tracker.wait_for(lambda: len(load.answered) > 200, "nothing is answered")
        server.stop()
        try:
            since, some = time.monotonic(), len(load.answered) + 500
            shipper.wait_for(lambda: any("Events wait in" in line for line in shipper.log), "nobody is told")
            tracker.wait_for(
                lambda: len(load.answered) > some and time.monotonic() > since + seconds, "it does not go on"
            )
            # In the midst of it whoever writes the journal dies too.
            tracker.kill()
        finally:
            server.start()
        with tracked.part("tracker") as again:
            some = len(load.answered) + 200
            again.wait_for(lambda: len(load.answered) > some, "the new one does not answer")
            load.stop()
        tracked.wait_until_shipped()
    assert_each_once(tracked, load, tracker_kills=1)


@pytest.mark.long
def test_postgresql_stopped_for_a_minute_under_load_loses_nothing(
    tracked_on_postgresql: Tracked, postgresql: PostgreSQL
) -> None:
    stop_the_database_under_load(tracked_on_postgresql, postgresql, seconds=60)
