"""Settings, keys, database, snapshot, journal and clock."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from sqlalchemy import text

from domains.model import Scheme
from links.key_ring import KeyRing
from rewriter.policy import Mode
from service.checkup import keys as keys_subject
from service.checkup.clock import look_at_clock
from service.checkup.database import look_at_database
from service.checkup.keys import look_at_keys
from service.checkup.settings import look_at_settings
from service.checkup.snapshot import STALE_SECONDS, look_at_snapshot
from service.checkup.storage_space import look_at_journal
from service.checkup.tracking_settings import look_at_tracking
from service.database import open_database
from service.disk_room import HARDLY_ANY, LITTLE
from service.key_file import load_key_ring, new_secret, save_key_ring
from service.live.snapshot import Snapshot, seal_snapshot
from service.settings import Settings, TlsMode
from storage.database_clock import seconds_ahead
from storage.engine import open_engine
from tests.postgresql import PostgreSQL
from tests.service.checkup.findings import MILLISECONDS, NOW, bad, with_section

Usage = namedtuple("Usage", "total used free")


def test_settings_that_are_well(settings: Settings) -> None:
    assert bad(look_at_settings(settings, MILLISECONDS)) == []


@pytest.mark.parametrize(
    ("section", "changes", "says"),
    [
        ("relay", {"networks": ("0.0.0.0/0",)}, "fail settings: relay.networks holds 0.0.0.0/0: everybody"),
        (
            "tracker",
            {"trusted_proxies": ("::/0",)},
            "fail settings: tracker.trusted_proxies holds ::/0",
        ),
        ("web", {"trusted_proxies": ("0.0.0.0/0",)}, "fail settings: web.trusted_proxies holds 0.0.0.0/0: "),
        ("tracker", {"proxy_peers": ("0.0.0.0/0",)}, "fail settings: tracker.proxy_peers holds 0.0.0.0/0: "),
        ("tls", {"mode": TlsMode.EXTERNAL}, "warn settings: tls.mode is external, and no proxy is believed"),
        ("relay", {"networks": ("::/0",)}, "fail settings: relay.networks holds ::/0"),
        (
            "monitoring",
            {"listen": "0.0.0.0:8082"},
            "warn settings: monitoring.listen = 0.0.0.0:8082 may be open",
        ),
        ("monitoring", {"listen": "[::]:8082"}, "may be open to the world"),
        ("web", {"listen": "0.0.0.0:8081"}, "warn settings: web.listen = 0.0.0.0:8081 may be open"),
        ("domains", {"allow_private_addresses": True}, "warn settings: checks may connect to private"),
        (
            "tracking",
            {"scheme": Scheme.HTTPS, "default_domain": "http://t.example.net"},
            "warn settings: tracking.scheme is https, and default_domain is http://t.example.net",
        ),
    ],
)
def test_settings_that_hardly_anybody_means(
    settings: Settings, section: str, changes: dict[str, object], says: str
) -> None:
    assert says in bad(look_at_settings(with_section(settings, section, **changes), MILLISECONDS))


@pytest.mark.parametrize(
    ("section", "changes"),
    [
        ("relay", {"networks": ("10.0.0.0/8", "2001:db8::/32")}),
        ("monitoring", {"listen": ""}),
        ("monitoring", {"listen": "10.0.0.1:8082"}),
        ("monitoring", {"listen": "localhost:8082"}),
        ("web", {"listen": ""}),
        ("web", {"listen": "10.0.0.1:8081"}),
        ("tracking", {"scheme": Scheme.HTTPS, "default_domain": "https://t.example.net"}),
        ("tracking", {"scheme": Scheme.HTTPS}),
        ("tracker", {"trusted_proxies": ("10.0.0.0/8",), "proxy_peers": ("::1/128",)}),
    ],
)
def test_settings_that_are_meant(settings: Settings, section: str, changes: dict[str, object]) -> None:
    assert bad(look_at_settings(with_section(settings, section, **changes), MILLISECONDS)) == []


def test_keys_that_are_well(settings: Settings) -> None:
    assert bad(look_at_keys(settings, MILLISECONDS)) == []


def test_keys_that_are_missing(settings: Settings) -> None:
    settings.keys.file.unlink()
    assert "fail keys: " in bad(look_at_keys(settings, MILLISECONDS))


def test_keys_that_others_can_read(settings: Settings) -> None:
    settings.keys.file.chmod(0o640)
    assert "can be read by others → chmod 600 " in bad(look_at_keys(settings, MILLISECONDS))


def test_a_key_from_the_future(settings: Settings) -> None:
    save_key_ring(settings.keys.file, KeyRing.first(new_secret(), MILLISECONDS + 1))
    assert "warn keys: key 1 was made in the future" in bad(look_at_keys(settings, MILLISECONDS))


def test_no_secret_is_told(settings: Settings) -> None:
    secret = settings.keys.file.read_text()
    told = [each.message for each in keys_subject.look_at_keys(settings, MILLISECONDS)]
    assert not any(word in " ".join(told) for word in secret.split('"') if len(word) > 30)


def test_a_database_that_is_well(settings: Settings) -> None:
    assert bad(look_at_database(settings, MILLISECONDS)) == []


def test_a_database_that_is_missing(settings: Settings) -> None:
    Path("var/waypost.db").unlink()
    assert "fail database: " in bad(look_at_database(settings, MILLISECONDS))


def test_a_database_of_another_version(settings: Settings) -> None:
    with open_database(settings) as engine, engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    found = bad(look_at_database(settings, MILLISECONDS))
    assert "its tables are of another version → run `waypost db upgrade`" in found


@pytest.mark.parametrize(("free", "level"), [(HARDLY_ANY - 1, "fail"), (LITTLE - 1, "warn"), (LITTLE, "")])
def test_room_on_the_disk(settings: Settings, monkeypatch: pytest.MonkeyPatch, free: int, level: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(0, 0, free))
    for look, subject in ((look_at_database, "database"), (look_at_journal, "journal")):
        found = bad(look(settings, MILLISECONDS))
        assert (f"{level} {subject}: {free >> 20} MiB are free on the disk of" in found) is bool(level)


def written(settings: Settings, at: int) -> None:
    key = load_key_ring(settings.keys).sealing(MILLISECONDS)
    Path("var/snapshot").write_bytes(seal_snapshot(Snapshot(written_at=at, sections={}), key, bytes(12)))


def test_a_snapshot_that_is_fresh(settings: Settings) -> None:
    written(settings, MILLISECONDS - 1000)
    assert bad(look_at_snapshot(settings, MILLISECONDS)) == []


def test_a_snapshot_that_is_old(settings: Settings) -> None:
    written(settings, MILLISECONDS - int(STALE_SECONDS * 1000) - 1)
    assert "old: a start from it lacks all changes since" in bad(look_at_snapshot(settings, MILLISECONDS))


def test_a_snapshot_that_is_missing_damaged_or_off(settings: Settings) -> None:
    assert "is not there yet" in bad(look_at_snapshot(settings, MILLISECONDS))
    Path("var/snapshot").write_bytes(b"torn")
    assert "cannot be used" in bad(look_at_snapshot(settings, MILLISECONDS))
    off = with_section(settings, "database", snapshot=None)
    assert "warn snapshot: off" in bad(look_at_snapshot(off, MILLISECONDS))


def test_the_journal(settings: Settings) -> None:
    assert bad(look_at_journal(settings, MILLISECONDS)) == []
    settings.journal.directory.mkdir(parents=True)
    (settings.journal.directory / "1.damaged").touch()
    assert "1 files of damaged lines" in bad(look_at_journal(settings, MILLISECONDS))
    (settings.journal.directory / "1.damaged").unlink()
    settings.journal.directory.rmdir()
    settings.journal.directory.touch()
    assert "fail journal: " in bad(look_at_journal(settings, MILLISECONDS))


def test_tracking(settings: Settings) -> None:
    assert bad(look_at_tracking(settings, MILLISECONDS)) == []
    observing = with_section(settings, "tracking", mode=Mode.OBSERVE)
    assert "mode is observe: mail goes out as it came" in bad(look_at_tracking(observing, MILLISECONDS))
    settings.tracking.switch.touch()
    assert "switched off since" in bad(look_at_tracking(settings, MILLISECONDS))


@pytest.mark.parametrize("url", ["dir:var/outbox", "smtp://mx.example.net"])
def test_loopback_links_need_a_loopback_upstream(settings: Settings, url: str) -> None:
    local = with_section(settings, "tracking", default_domain="http://localhost:8080")
    found = bad(look_at_tracking(with_section(local, "upstream", url=url), MILLISECONDS))
    assert ("is this machine, the upstream is not" in found) is url.startswith("smtp")


def test_sqlite_has_no_clock_to_compare_with(settings: Settings) -> None:
    assert list(look_at_clock(settings, MILLISECONDS)) == []


@pytest.mark.parametrize(
    ("ahead", "says"), [(0.0, ""), (4.9, ""), (9.0, "9 seconds ahead of"), (-60.0, "60 seconds behind")]
)
def test_a_clock_that_differs(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, ahead: float, says: str
) -> None:
    monkeypatch.setattr("service.checkup.clock.seconds_ahead", lambda engine, clock: ahead)
    found = bad(look_at_clock(settings, MILLISECONDS))
    assert found == [] if not says else says in found


def test_the_clock_of_postgresql(postgresql: PostgreSQL) -> None:
    postgresql.execute("CREATE DATABASE {}", "clock")
    engine = open_engine(postgresql.url("clock"))
    try:
        ahead = seconds_ahead(engine, lambda: NOW)
    finally:
        engine.dispose()
        postgresql.execute("DROP DATABASE {} WITH (FORCE)", "clock")
    assert ahead is not None
    assert ahead < -86_400  # that server lives in the present
