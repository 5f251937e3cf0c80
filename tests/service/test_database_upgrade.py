import logging
from pathlib import Path

import pytest

from service.database_upgrade import DatabaseAway, UpgradeFirst, upgrade_database
from service.errors import OperatorError
from service.settings import DatabaseSection, Settings
from storage.engine import open_engine
from storage.migrate import upgrade
from storage.schema_version import is_current


def settings_for(file: Path) -> Settings:
    return Settings(database=DatabaseSection(url=f"sqlite:///{file}"))


def test_a_missing_database_is_away_and_an_empty_one_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "waypost.db"
    with pytest.raises(DatabaseAway):
        upgrade_database(settings_for(file), create=False)
    file.touch()
    with pytest.raises(OperatorError, match="is empty") as told:
        upgrade_database(settings_for(file), create=False)
    assert not isinstance(told.value, DatabaseAway)


def test_nothing_is_read_until_the_database_is_back_and_up_to_date(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "waypost.db"
    readings: list[bool] = []

    def read() -> None:
        engine = open_engine(f"sqlite:///{file}")
        readings.append(is_current(engine))
        engine.dispose()

    refresh = UpgradeFirst(settings_for(file), read)
    with caplog.at_level(logging.WARNING):
        refresh()
        refresh()
        file.touch()
        refresh()
        assert readings == []
        file.unlink()
        upgrade(f"sqlite:///{file}", to="0001")
        refresh()
        refresh()
    assert readings == [True, True]
    told = [record.message for record in caplog.records if record.name == "waypost.service"]
    assert ["missing" in told[0], "is empty" in told[1], told[2:]] == [True, True, ["database: works again"]]
