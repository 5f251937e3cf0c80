"""Creating and migrating the database. Alembic takes long to import: only where it is needed."""

import logging
from collections.abc import Callable

from service.alarm import Alarm
from service.database import open_database, url_of
from service.errors import OperatorError
from service.settings import Settings
from storage.failures import DatabaseUnavailable, WrongDatabase
from storage.schema_version import is_current

log = logging.getLogger("waypost.service")


class DatabaseAway(OperatorError):
    """The database cannot be used now, and may well be again later."""


def upgrade_database(settings: Settings, *, create: bool) -> None:
    """Migrate the database where it is not of this version; make it where it is missing and `create` says so.

    Raises DatabaseAway, or another OperatorError where waiting would not mend it.
    """
    try:
        if not create and _is_current(settings):
            return
        from storage.migrate import upgrade

        upgrade(url_of(settings.database), create=create)
    except WrongDatabase as error:
        raise OperatorError(str(error)) from None
    except DatabaseUnavailable as error:
        raise DatabaseAway(str(error)) from None


def _is_current(settings: Settings) -> bool:
    with open_database(settings) as engine:
        return is_current(engine)


class UpgradeFirst:
    """Reads nothing until the database is back and has this version's tables; then calls `refresh`."""

    def __init__(self, settings: Settings, refresh: Callable[[], None]) -> None:
        self._settings = settings
        self._refresh = refresh
        self._upgraded = False
        self._alarm = Alarm(log, "database")

    def __call__(self) -> None:
        """Try; what fails is told once."""
        if not self._upgraded:
            try:
                upgrade_database(self._settings, create=False)
            except OperatorError as error:
                self._alarm.failed(f"{error} Mail and clicks go on with the snapshot")
                return
            self._upgraded = True
            self._alarm.well()
        self._refresh()
