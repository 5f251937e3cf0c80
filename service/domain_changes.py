"""What happened to tracking domains, in the log."""

import logging

from domains.history import Change
from domains.names import display

log = logging.getLogger("waypost.domains")


def log_change(change: Change) -> None:
    """Write one line: `domain track.example.com: pending to verified, checked: …`."""
    log.info(
        "domain %s: %s to %s, %s%s",
        display(change.domain),
        change.before or "unknown",
        change.after or "deleted",
        change.cause,
        f": {change.detail}" if change.detail else "",
    )
