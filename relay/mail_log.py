"""The mail log: one line for each message, on the logger `waypost.mail`. docs/monitoring.md lists its fields.

Never in it: bodies, secrets, tokens, URLs. How a line is written, as text or JSON, is the formatter's.
"""

import logging
from enum import StrEnum

from accounts.model import DEFAULT_PROJECT
from relay.envelope import Client
from relay.replies import Reply

_log = logging.getLogger("waypost.mail")


class MailEvent(StrEnum):
    """How a transaction ended, or an attempt to sign in."""

    RELAYED = "relayed"  # the upstream took it
    REJECTED = "rejected"  # a 5xx, by the upstream or by us
    FAILED = "failed"  # a 4xx: the client comes again
    SIGNED_IN = "signed-in"
    SIGN_IN_REFUSED = "sign-in-refused"


def who(client: Client) -> dict[str, object]:
    """Return the fields that say who sends; the project `default` goes without saying."""
    project = None if client.project == DEFAULT_PROJECT else client.project
    return {"client": client.address, "credential": client.credential, "project": project}


def log_mail(event: MailEvent, **fields: object) -> None:
    """Write the line; fields that are None or empty are left out."""
    if _log.isEnabledFor(logging.INFO):
        given = {name: value for name, value in fields.items() if value or value == 0}
        _log.info(event.value, extra={"fields": given})


def log_refusal(reply: Reply, **fields: object) -> None:
    """Write the line of a transaction that ended before its message came, or of one recipient."""
    log_mail(MailEvent.REJECTED if reply.permanent else MailEvent.FAILED, **fields, reply=reply.line())
