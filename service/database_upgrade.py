"""Creating and migrating the database; apart from the rest, since Alembic takes long to import."""

from service.database import url_of
from service.errors import OperatorError
from service.settings import Settings
from storage import migrate
from storage.failures import DatabaseUnavailable


def upgrade_database(settings: Settings, *, create: bool) -> None:
    """Migrate the database; make it first where it is missing and `create` says so. Raises OperatorError."""
    try:
        migrate.upgrade(url_of(settings.database), create=create)
    except DatabaseUnavailable as error:
        raise OperatorError(str(error)) from None
