from dataclasses import replace
from pathlib import Path

from relay.settings import Mode
from service.reloading import reloaded
from service.settings import Settings

RUNNING = Settings()


def test_what_a_generation_is_built_from_changes() -> None:
    wanted = replace(
        RUNNING,
        relay=replace(RUNNING.relay, networks=("192.0.2.0/24",), max_connections=7),
        upstream=replace(RUNNING.upstream, url="smtp://next.example"),
        tracking=replace(RUNNING.tracking, mode=Mode.OBSERVE),
        source=Path("waypost.toml"),
    )
    assert reloaded(RUNNING, wanted) == (wanted, ())


def test_what_the_process_is_built_from_stays_and_is_named() -> None:
    wanted = replace(
        RUNNING,
        relay=replace(RUNNING.relay, listen=("127.0.0.1:25",), workers=4, max_recipients=9),
        database=replace(RUNNING.database, url="sqlite:///other.db"),
        tracker=replace(RUNNING.tracker, operator="Example Ltd"),
    )
    settings, waiting = reloaded(RUNNING, wanted)
    assert waiting == ("relay.listen", "relay.workers", "tracker.operator", "database.url")
    assert settings == replace(RUNNING, relay=replace(RUNNING.relay, max_recipients=9))


def test_nothing_changed_is_nothing_told() -> None:
    assert reloaded(RUNNING, Settings()) == (RUNNING, ())
