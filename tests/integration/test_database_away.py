"""A start while the database is away: from the snapshot, and back to the database once that is there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.integration.test_freshness import installation as installation
from tests.integration.test_freshness import is_tracked, seconds_until_tracked
from tests.integration.test_story import Installation, tracked_path, wait_until
from tests.postgresql import PostgreSQL
from tests.running import RunningWaypost, waypost


class Database(Protocol):
    def stop(self) -> None: ...
    def start(self) -> None: ...


class DatabaseFile:
    """SQLite's, which is stopped by moving it away."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.elsewhere = file.with_name("away.db")

    def stop(self) -> None:
        self.file.rename(self.elsewhere)

    def start(self) -> None:
        assert not self.file.exists()
        self.elsewhere.rename(self.file)


@pytest.fixture
def database(request: pytest.FixtureRequest, installation: Installation) -> Iterator[Database]:
    file = installation.folder / "var/waypost.db"
    server: PostgreSQL | None = None if file.exists() else request.getfixturevalue("postgresql")
    stoppable = Stoppable(server or DatabaseFile(file))
    yield stoppable
    stoppable.start()


class Stoppable:
    """A database that is started once however often it is said."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stopped = False

    def stop(self) -> None:
        self._database.stop()
        self._stopped = True

    def start(self) -> None:
        if self._stopped:
            self._database.start()
        self._stopped = False


def serve_once(installation: Installation) -> None:
    """Serve until the snapshot is there."""
    with RunningWaypost(installation.folder) as running:
        running.wait_for((installation.folder / "var/snapshot").exists, "no snapshot is written")


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.long)])
def test_a_start_without_the_database_and_its_return(
    installation: Installation, database: Database, workers: str
) -> None:
    installation.run("sender", "add", "example.com")
    installation.run("sender", "add", "quiet.example")
    installation.run("sender", "set", "quiet.example", "--tracking", "off")
    serve_once(installation)
    database.stop()
    with RunningWaypost(installation.folder, WAYPOST_RELAY__WORKERS=workers) as running:
        assert any("Started from the snapshot, which is 0:00:" in line for line in running.log)
        running.wait_for(lambda: any("go on with the snapshot" in line for line in running.log), "not told")
        assert is_tracked(installation)
        assert running.get(tracked_path(installation.last_message())).status == 302
        installation.send("news@quiet.example")
        assert "/c/" not in installation.last_message()
        assert "snapshot is 0:00:" in installation.run("check", code=1)
        database.start()
        wait_until(lambda: installation.kinds() == ["click", "relayed", "relayed"])
        installation.run("sender", "set", "example.com", "--tracking", "off")
        seconds_until_tracked(installation, wanted=False)
        assert not any("Traceback" in line for line in running.log)


@pytest.mark.long
def test_who_is_killed_meanwhile_starts_again_and_loses_nothing(
    installation: Installation, database: Database
) -> None:
    serve_once(installation)
    database.stop()
    for _ in range(2):
        with RunningWaypost(installation.folder) as running:
            assert is_tracked(installation)
            running.kill()
    database.start()
    with RunningWaypost(installation.folder) as running:
        wait_until(lambda: installation.kinds() == ["relayed", "relayed"])
        assert not any("snapshot" in line for line in running.log)


@pytest.mark.long
def test_without_a_snapshot_that_can_be_used_it_refuses(
    installation: Installation, database: Database
) -> None:
    serve_once(installation)
    database.stop()
    off = waypost(installation.folder, "serve", WAYPOST_DATABASE__SNAPSHOT="")
    snapshot = installation.folder / "var/snapshot"
    snapshot.write_bytes(snapshot.read_bytes()[:-1])
    damaged = waypost(installation.folder, "serve")
    snapshot.unlink()
    missing = waypost(installation.folder, "serve")
    for done in (off, damaged, missing):
        assert done.returncode == 1
        assert "The database " in done.stderr
        assert "Traceback" not in done.stderr
    assert "var/snapshot cannot be used: it is damaged" in damaged.stderr
    assert "the snapshot" not in off.stderr + missing.stderr
