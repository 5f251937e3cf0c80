"""The audit log of what is no row of the database: the key ring, the switch over all rewriting."""

from accounts.audit import AuditChange
from accounts.errors import StoreUnavailable
from service.database import command_line_actor, open_unattended
from service.errors import OperatorError
from service.settings import Settings
from storage.audit_store import SqlAuditStore


def note_change(settings: Settings, change: AuditChange) -> str:
    """Write down what was just done by command; return why that could not be, "" where it could.

    What was done holds all the same: the switch and the revocation of a key must work without a database.
    """
    try:
        with open_unattended(settings) as engine:
            SqlAuditStore(engine).note(command_line_actor(), change)
    except (OperatorError, StoreUnavailable) as error:
        return f"This is not in the audit log: {error}"
    return ""
