"""Creating and migrating the database; apart from the rest, since Alembic takes long to import."""

from service.errors import OperatorError
from service.settings import Settings
from storage import migrate
from storage.engine import DatabaseUnavailable


def upgrade_database(settings: Settings) -> None:
    """Create or migrate the database. Raises OperatorError."""
    try:
        migrate.upgrade(settings.database.url)
    except DatabaseUnavailable as error:
        raise OperatorError(str(error)) from None
