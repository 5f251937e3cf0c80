import dataclasses
import logging
import math
import shutil
from pathlib import Path

import pytest
import trustme
from prometheus_client import CollectorRegistry
from sqlalchemy import make_url

from service.disk_room import HARDLY_ANY, LITTLE
from service.machine import Machine
from service.observing import watched_machine
from service.settings import Settings

NOW = 1_772_323_200.0  # 2026-03-01
DAY = 86_400.0
GIB = 1 << 30


class Clocks:
    """The clock of the machine, and the one that nobody sets."""

    def __init__(self) -> None:
        self.now, self.monotonic = NOW, 0.0

    def passes(self, seconds: float) -> None:
        self.now += seconds
        self.monotonic += seconds


class Watched:
    """A machine with room on its disks, and its log."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        settings = Settings()
        self.settings = dataclasses.replace(
            settings,
            journal=dataclasses.replace(settings.journal, directory=folder / "journal"),
            database=dataclasses.replace(settings.database, snapshot=folder / "snapshot"),
            tracking=dataclasses.replace(settings.tracking, switch=folder / "tracking-off"),
        )
        self.clocks, self.jumps, self.free = Clocks(), 0, 100 * GIB
        self.machine = Machine(
            lambda: self.settings,
            make_url(f"sqlite:///{folder}/waypost.db"),
            jumped=self._jumped,
            clock=lambda: self.clocks.now,
            monotonic=lambda: self.clocks.monotonic,
        )
        monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(0, 0, self.free))  # type: ignore[attr-defined]
        self._caplog = caplog

    def _jumped(self) -> None:
        self.jumps += 1

    def told(self) -> list[str]:
        """Return what two looks, of which the second sees nothing new, write into the log."""
        self._caplog.clear()
        self.machine.look()
        self.clocks.passes(30)
        self.machine.look()
        return self._caplog.messages.copy()


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Watched:
    return Watched(tmp_path, monkeypatch, caplog)


def test_a_machine_that_is_well_says_nothing(watched: Watched) -> None:
    watched.clocks.passes(3600)
    assert watched.told() == []
    assert watched.jumps == 0


def test_a_disk_that_fills_is_told_at_each_bound(watched: Watched, tmp_path: Path) -> None:
    watched.free = LITTLE - 1
    assert watched.told()[0] == f"disk of the journal: less than 1024 MiB are free for {tmp_path}/journal"
    watched.free = HARDLY_ANY
    assert watched.told() == []
    watched.free = HARDLY_ANY - 1
    assert watched.told() == [
        f"disk of the journal: less than 100 MiB are free for {tmp_path}/journal",
        f"disk of the database: less than 100 MiB are free for {tmp_path}",
        f"disk of the snapshot: less than 100 MiB are free for {tmp_path}",
    ]
    watched.free = LITTLE
    assert watched.told()[0] == "disk of the journal: works again"


def test_a_disk_that_cannot_be_looked_at_is_told(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(shutil, "disk_usage", fails)
    assert watched.told()[0].endswith("cannot be looked at: Input/output error")
    assert math.isnan(watched.machine.free("journal"))


@pytest.mark.parametrize(("step", "words"), [(7200.0, "forward by 7200 s"), (-90.0, "back by 90 s")])
def test_a_clock_that_is_set_is_counted_and_told(watched: Watched, step: float, words: str) -> None:
    watched.clocks.now += step
    assert watched.told() == [f"clock: it went {words}, or the machine slept"]
    assert watched.jumps == 1


def test_a_clock_that_ntp_steers_is_not(watched: Watched) -> None:
    watched.clocks.now += 0.5
    assert watched.told() == []


def test_the_switch_is_told_at_each_change(watched: Watched) -> None:
    switch = watched.settings.tracking.switch
    switch.touch()
    assert watched.told() == [f"tracking: switched off by {switch}: mail goes out as it came"]
    assert watched.machine.switched_off()
    switch.unlink()
    assert watched.told() == ["tracking: works again"]
    assert not watched.machine.switched_off()


@pytest.mark.parametrize(("days", "told"), [(15, False), (13, True), (-1, True)])
def test_a_certificate_of_the_operators_own_is_told_in_time(
    watched: Watched, tmp_path: Path, days: int, told: bool
) -> None:
    file = tmp_path / "own.pem"
    issued = trustme.CA().issue_cert("relay.test")
    issued.private_key_and_cert_chain_pem.write_to_path(str(file))
    relay = dataclasses.replace(watched.settings.relay, tls_certificate=file)
    watched.settings = dataclasses.replace(watched.settings, relay=relay)
    left = watched.machine.certificate_seconds("relay.tls_certificate")
    assert watched.machine.certificate_seconds("tls.certificate") == math.inf
    watched.machine.look()
    watched.clocks.passes(left - days * DAY)
    assert watched.machine.certificate_seconds("relay.tls_certificate") == pytest.approx(days * DAY)
    assert [line.split(" runs out on ")[0] for line in watched.told()] == (
        [f"relay.tls_certificate: {file}"] if told else []
    )


def test_one_that_cannot_be_read_is_left_to_who_serves_it(watched: Watched, tmp_path: Path) -> None:
    file = tmp_path / "own.pem"
    tls = dataclasses.replace(watched.settings.tls, certificate=file)
    watched.settings = dataclasses.replace(watched.settings, tls=tls)
    for content in (None, b"nothing"):
        if content is not None:
            file.write_bytes(content)
        assert watched.told() == []
        assert watched.machine.certificate_seconds("tls.certificate") == math.inf


def test_what_it_sees_is_in_the_metrics(watched: Watched, tmp_path: Path) -> None:
    registry = CollectorRegistry()
    watched_machine(registry, lambda: watched.settings, make_url("postgresql://here/waypost"))
    assert registry.get_sample_value("waypost_disk_free_bytes", {"of": "journal"}) == 100 * GIB
    assert registry.get_sample_value("waypost_disk_free_bytes", {"of": "database"}) is None  # it is elsewhere
    assert registry.get_sample_value("waypost_snapshot_age_seconds") == math.inf
    assert registry.get_sample_value("waypost_tracking_switched_off") == 0
    (tmp_path / "snapshot").touch()
    age = registry.get_sample_value("waypost_snapshot_age_seconds")
    assert age is not None
    assert age < 3600
