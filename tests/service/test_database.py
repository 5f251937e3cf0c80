from dataclasses import replace
from pathlib import Path

import pytest

from service.database import open_database, url_of
from service.database_upgrade import upgrade_database
from service.errors import OperatorError
from service.settings import DatabaseSection, Settings

URL = "postgresql://me@db.example/waypost"


def with_file(file: Path) -> DatabaseSection:
    return DatabaseSection(url=URL, password_file=file)


def test_the_password_is_the_files_without_its_line_end(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(" p@ss/word \r\n")
    assert url_of(with_file(file)).password == " p@ss/word "


def test_without_a_file_the_url_says_it_all() -> None:
    assert url_of(DatabaseSection(url=URL)).password is None
    assert url_of(DatabaseSection(url="postgresql://me:x%40y@db.example/waypost")).password == "x@y"


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    settings = replace(Settings(), database=with_file(tmp_path / "none"))
    with (
        pytest.raises(OperatorError, match=r"database\.password_file: .*none cannot be read"),
        open_database(settings),
    ):
        pass
    with pytest.raises(OperatorError, match=r"database\.password_file"):
        upgrade_database(settings, create=False)


def test_settings_that_are_printed_show_no_password() -> None:
    assert "hunter2" not in repr(DatabaseSection(url="postgresql://me:hunter2@db.example/waypost"))
