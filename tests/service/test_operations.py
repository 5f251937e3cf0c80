"""What the operator's files say about a stop and about settings is what the program does."""

import configparser
import dataclasses
import socket
from pathlib import Path

import pytest

from service.background import LAST_SHIPPING_SECONDS
from service.notify import notify
from service.reloading import FIXED_KEYS, FIXED_SECTIONS
from service.settings import Settings
from service.workers.process import KILL_SECONDS

PROJECT = Path(__file__).parents[2]
GUIDE = (PROJECT / "docs/operations.md").read_text()


def test_the_unit_gives_a_stop_the_time_that_it_may_take() -> None:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(PROJECT / "deploy/waypost.service")
    settings = Settings()
    longest = (
        settings.monitoring.drain_seconds
        + settings.relay.stop_seconds
        + KILL_SECONDS
        + settings.tracker.stop_seconds
        + LAST_SHIPPING_SECONDS
    )
    assert int(unit["Service"]["TimeoutStopSec"]) > longest


def test_the_guide_names_each_section_where_it_belongs() -> None:
    [row] = [line for line in GUIDE.splitlines() if line.startswith("| `[relay]`")]
    reloadable, fixed = row.strip("| ").split(" | ")
    for section in dataclasses.fields(Settings):
        if section.name in FIXED_SECTIONS:
            assert f"`[{section.name}]`" in fixed
            assert f"`[{section.name}]`" not in reloadable
        elif section.name not in ("source", "domains"):  # commands alone read the domains' section
            assert f"`[{section.name}]`" in reloadable
    for section_name, keys in FIXED_KEYS.items():
        assert all(f"`{section_name}.{key}`" in fixed for key in keys)


@pytest.mark.parametrize("abstract", [False, True])
def test_the_service_manager_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abstract: bool) -> None:
    name = f"{tmp_path}/notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name}" if abstract else name)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}" if abstract else name)
        notify("READY=1")
        assert manager.recv(100) == b"READY=1"


def test_without_a_service_manager_nothing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    notify("READY=1")
