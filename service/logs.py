"""Log lines on standard error: time, level, logger, message; one line each, whatever the message holds."""

import logging
import sys
from datetime import UTC, datetime

from service.settings import LogLevel


class OneLine(logging.Formatter):
    """Escapes control characters: a header or a reply of a stranger cannot forge a second line.

    A traceback follows its line as it is; it holds our own text.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        """Return the time in UTC, as RFC 3339 writes it."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        return moment.replace("+00:00", "Z")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Return the line."""
        line = super().formatMessage(record)
        return line if line.isprintable() else line.encode("unicode_escape").decode("ascii")


def configure_logging(level: LogLevel) -> None:
    """Send every logger's lines to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # aiosmtpd logs each command with its arguments at INFO: addresses of people, and AUTH secrets.
    logging.getLogger("mail.log").setLevel(logging.WARNING)
