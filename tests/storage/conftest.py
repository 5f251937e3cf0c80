from pathlib import Path

import pytest
from sqlalchemy import Engine

from storage.engine import open_engine
from storage.migrate import upgrade


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database of this version."""
    file = tmp_path / "waypost.sqlite"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
def engine(file: Path) -> Engine:
    """An engine on it that does not wait for a lock."""
    return open_engine(f"sqlite:///{file}", busy_timeout=0)
