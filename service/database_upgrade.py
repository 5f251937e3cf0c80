"""Creating and migrating the database; apart from the rest, since Alembic takes long to import."""

from service.errors import OperatorError
from service.settings import Settings
from storage import migrate
from storage.engine import DatabaseUnavailable


def upgrade_database(settings: Settings, *, create: bool) -> None:
    """Migrate the database; make it first where it is missing and `create` says so. Raises OperatorError."""
    try:
        migrate.upgrade(settings.database.url, create=create)
    except DatabaseUnavailable as error:
        raise OperatorError(str(error)) from None
