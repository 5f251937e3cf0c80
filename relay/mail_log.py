"""The mail log: one line for each message, `key=value`, on the logger `waypost.mail`.

Never in it: bodies, secrets, tokens, URLs.
"""

import json
import logging
import re
from enum import StrEnum

from relay.replies import Reply

_log = logging.getLogger("waypost.mail")
_PLAIN = re.compile(r"[!#-<>-~]+")


class MailEvent(StrEnum):
    """How a transaction ended."""

    RELAYED = "relayed"  # the upstream took it
    REJECTED = "rejected"  # a 5xx, by the upstream or by us
    FAILED = "failed"  # a 4xx: the client comes again


def log_mail(event: MailEvent, **fields: object) -> None:
    """Write the line; fields that are None or "" are left out."""
    if _log.isEnabledFor(logging.INFO):
        given = (f"{name}={_value(value)}" for name, value in fields.items() if value not in (None, ""))
        _log.info("%s", " ".join([event.value, *given]))


def log_refusal(reply: Reply, **fields: object) -> None:
    """Write the line of a transaction that ended before its message came, or of one recipient."""
    log_mail(MailEvent.REJECTED if reply.permanent else MailEvent.FAILED, **fields, reply=reply.line())


def _value(value: object) -> str:
    """Quote as JSON what is not plain: nobody outside can end a line, or begin a field of ours."""
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text)
