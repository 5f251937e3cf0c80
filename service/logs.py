"""Log lines on standard error, as text or JSON: one line each, whatever the message holds.

Everything logs by the standard library, ours and the libraries' alike; `extra={"fields": {...}}` gives a line
fields of its own. structlog's processors turn a record into the line.
"""

import json
import logging
import re
import sys
from datetime import UTC, datetime

from structlog.processors import format_exc_info
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

from service.settings import LogFormat, LogSection

_PLAIN = re.compile(r"[!#-<>-~]+")


def configure_logging(section: LogSection) -> None:
    """Send every logger's lines to standard error."""
    # Asked for with each record, and in none of our lines.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(section.format))
    logging.basicConfig(level=section.level.upper(), handlers=[handler], force=True)
    # aiosmtpd logs each command with its arguments at INFO: addresses of people, and AUTH secrets.
    logging.getLogger("mail.log").setLevel(logging.WARNING)


def formatter(format: LogFormat) -> ProcessorFormatter:
    """Return the formatter of all lines."""
    render: Processor = _as_json if format is LogFormat.JSON else _as_text
    return ProcessorFormatter(processors=[_described, format_exc_info, render])


def _described(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Put time, level and logger in front, and the fields of the record behind."""
    record: logging.LogRecord = event["_record"]
    described = {
        "time": _time(record.created),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": event["event"],
        **getattr(record, "fields", {}),
    }
    if "exc_info" in event:
        described["exc_info"] = event["exc_info"]
    return described


def _time(seconds: float) -> str:
    """Return it in UTC, to the millisecond, as RFC 3339 writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _as_json(logger: WrappedLogger, method: str, event: EventDict) -> str:
    return json.dumps(event, default=str)


def _as_text(logger: WrappedLogger, method: str, event: EventDict) -> str:
    """Escape control characters: a header or a reply of a stranger cannot forge a second line.

    A traceback follows its line as it is; it holds our own text.
    """
    exception = event.pop("exception", "")
    start = f"{event.pop('time')} {event.pop('level').upper()} {event.pop('logger')} {event.pop('event')}"
    if not start.isprintable():
        start = start.encode("unicode_escape").decode("ascii")
    line = " ".join([start, *(f"{name}={_value(value)}" for name, value in event.items())])
    return f"{line}\n{exception}" if exception else line


def _value(value: object) -> str:
    """Quote as JSON what is not plain: nobody outside can end a line, or begin a field of ours."""
    if isinstance(value, str):
        text = value
    elif isinstance(value, (int, float)):
        return str(value).lower()
    elif isinstance(value, dict):
        text = ",".join(f"{name}:{count}" for name, count in value.items())
    else:
        text = ",".join(value) if isinstance(value, tuple) else str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text)
