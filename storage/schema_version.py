"""Whether a database has this version's tables; told without Alembic, which takes long to import."""

from functools import cache
from importlib.resources import files
from typing import Final

from sqlalchemy import Engine, inspect, text

from storage.engine import transaction
from storage.failures import DatabaseUnavailable

_APPLIED: Final = "alembic_version"


def is_current(engine: Engine) -> bool:
    """Tell whether the database has exactly this version's tables. Raises `DatabaseUnavailable`."""
    with transaction(engine, writes=False, raising=DatabaseUnavailable) as connection:
        if not inspect(connection).has_table(_APPLIED):
            return False
        applied = connection.execute(text(f"SELECT version_num FROM {_APPLIED}")).scalars().all()  # noqa: S608
    return applied == [newest_revision()]


@cache
def newest_revision() -> str:
    """Return the revision of the last migration; the migrations' files begin with theirs."""
    scripts = (files("storage") / "migrations" / "versions").iterdir()
    return max(script.name.split("_")[0] for script in scripts if script.name[:4].isdigit())
