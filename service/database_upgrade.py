"""Creating and migrating the database; apart from the rest, since Alembic takes long to import."""

import logging
from collections.abc import Callable

from service.alarm import Alarm
from service.database import url_of
from service.errors import OperatorError
from service.settings import Settings
from storage import migrate
from storage.failures import DatabaseUnavailable, WrongDatabase

log = logging.getLogger("waypost.service")


class DatabaseAway(OperatorError):
    """The database cannot be used now, and may well be again later."""


def upgrade_database(settings: Settings, *, create: bool) -> None:
    """Migrate the database; make it first where it is missing and `create` says so.

    Raises DatabaseAway, or another OperatorError where waiting would not mend it.
    """
    try:
        migrate.upgrade(url_of(settings.database), create=create)
    except WrongDatabase as error:
        raise OperatorError(str(error)) from None
    except DatabaseUnavailable as error:
        raise DatabaseAway(str(error)) from None


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
