"""An installation on PostgreSQL, as an operator has it: commands, a running server, the database stopped."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.test_story import Installation, tracked_path, wait_until
from tests.postgresql import PASSWORD, USER, PostgreSQL
from tests.running import RunningWaypost, waypost


@pytest.fixture
def installation(postgresql: PostgreSQL, tmp_path: Path) -> Iterator[Installation]:
    postgresql.execute("CREATE DATABASE {}", "waypost")
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    yield Installation(
        tmp_path,
        f'[database]\nurl = "postgresql://{USER}@127.0.0.1:{postgresql.port}/waypost"\n'
        'password_file = "password"\n',
    )
    postgresql.execute("DROP DATABASE {} WITH (FORCE)", "waypost")


def test_mail_clicks_and_events(installation: Installation) -> None:
    with RunningWaypost(installation.folder) as running:
        installation.run("sender", "add", "example.com")
        running.wait_for(
            lambda: any("0 tracking, 1 sending" in line for line in running.log), "the change was not seen"
        )
        installation.send()
        assert running.get(tracked_path(installation.last_message())).status == 302
        wait_until(lambda: installation.kinds() == ["click", "relayed"])
    [click] = installation.events("--kind", "click")
    assert click["recipient"] == "reader@example.net"
    assert click["url"] == "https://shop.example/offer?a=1&b=2"
    assert not (installation.folder / "var/waypost.db").exists()
    assert "reachable and up to date" in installation.run("check")
    installation.run("db", "upgrade")


@pytest.mark.long
def test_the_database_stopped_while_serving(installation: Installation, postgresql: PostgreSQL) -> None:
    with RunningWaypost(installation.folder) as running:
        postgresql.stop()
        try:
            installation.send()
            path = tracked_path(installation.last_message())
            assert running.get(path).status == 302
            running.wait_for(
                lambda: any("Events wait in" in line for line in running.log), "nobody was told of it"
            )
            assert running.get(path).status == 302
            refused = installation.run("events", "list", code=1)
            assert "waypost on 127.0.0.1" in refused
            assert PASSWORD not in refused + "\n".join(running.log)
        finally:
            postgresql.start()
        wait_until(lambda: installation.kinds() == ["click", "click", "relayed"])


@pytest.mark.long
def test_a_start_on_a_database_that_is_new_asks_for_an_upgrade(
    installation: Installation, postgresql: PostgreSQL
) -> None:
    postgresql.execute("DROP DATABASE {}", "waypost")
    gone = waypost(installation.folder, "serve")
    postgresql.execute("CREATE DATABASE {}", "waypost")
    empty = waypost(installation.folder, "serve")
    assert (gone.returncode, empty.returncode) == (1, 1)
    assert 'database "waypost" does not exist' in gone.stderr
    assert "is empty; run `waypost db upgrade`" in empty.stderr
    assert "Traceback" not in gone.stderr + empty.stderr
