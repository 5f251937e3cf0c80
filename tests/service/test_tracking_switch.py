import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.errors import OperatorError
from service.tracking_switch import off_since, switch_off, switch_on


def test_off_and_on(tmp_path: Path) -> None:
    file = tmp_path / "var" / "tracking-off"
    assert off_since(file) is None
    switch_off(file)
    assert file.exists()
    assert stat.S_IMODE(file.parent.stat().st_mode) & 0o077 == 0
    switch_on(file)
    assert off_since(file) is None


def test_doing_it_twice_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "tracking-off"
    switch_off(file)
    os.utime(file, (1_795_000_000, 1_795_000_000))
    switch_off(file)
    assert off_since(file) == datetime(2026, 11, 18, 11, 6, 40, tzinfo=UTC)
    switch_on(file)
    switch_on(file)


@pytest.mark.parametrize("act", [switch_off, switch_on, off_since])
def test_a_place_that_cannot_be_used_is_one_sentence(act: object, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert callable(act)
    with pytest.raises(OperatorError, match=r"tracking-off cannot be \w+( \w+)?: "):
        act(tmp_path / "file" / "tracking-off")
