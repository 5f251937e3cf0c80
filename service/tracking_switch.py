"""The one switch over all rewriting: a file whose being there means off.

A file and no row of the database: it works while the database is away, which is when an operator may need it
most; each process looks at it for each message (two microseconds), so that it holds at once, in every worker,
without a restart; and it outlives one. Several machines have one each.
"""

from datetime import UTC, datetime
from pathlib import Path

from service.errors import OperatorError


def switch_off(file: Path) -> None:
    """Stop all rewriting; doing so twice changes nothing. Raises OperatorError."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():  # its time is that of the first `off`
            file.touch()
    except OSError as error:
        raise OperatorError(f"{file} cannot be made: {error.strerror}; tracking goes on") from None


def switch_on(file: Path) -> None:
    """Let rewriting go on, as far as modes and shares allow it. Raises OperatorError."""
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise OperatorError(f"{file} cannot be removed: {error.strerror}; tracking stays off") from None


def off_since(file: Path) -> datetime | None:
    """Return when it was switched off; None where it is on. Raises OperatorError."""
    try:
        return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OperatorError(f"{file} cannot be looked at: {error.strerror}") from None
