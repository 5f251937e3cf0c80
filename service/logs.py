"""Log lines on standard error: time, level, logger, message; one line each, whatever the message holds."""

import logging
import sys
import time

from service.settings import LogLevel


class OneLine(logging.Formatter):
    """Escapes control characters: a header or a reply of a stranger cannot forge a second line."""

    converter = time.gmtime

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")

    def formatMessage(self, record: logging.LogRecord) -> str:
        line = super().formatMessage(record)
        return line if line.isprintable() else line.encode("unicode_escape").decode("ascii")


def configure_logging(level: LogLevel) -> None:
    """Send every logger's lines to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # aiosmtpd logs each command with its arguments at INFO: addresses of people, and AUTH secrets.
    logging.getLogger("mail.log").setLevel(logging.WARNING)
