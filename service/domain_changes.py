"""What happened to tracking domains, in the log."""

import logging

from domains.history import Change
from domains.model import State
from domains.names import display

log = logging.getLogger("waypost.domains")


def log_change(change: Change) -> None:
    """Write one line: `domain track.example.com: pending to verified, checked: …`."""
    fell = change.before is State.VERIFIED and change.after is State.FAILED
    log.log(
        logging.WARNING if fell else logging.INFO,  # links in mail that is out lead nowhere
        "domain %s: %s to %s, %s%s",
        display(change.domain),
        change.before or "unknown",
        change.after or "deleted",
        change.cause,
        f": {change.detail}" if change.detail else "",
    )
