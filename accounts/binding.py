"""Which senders a credential may use: those of its project's sending domains. Pure.

Both the envelope sender and every address of From must belong: the envelope sender gets the bounces, From is
what readers see, and either alone could be another tenant's.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum

OwnerOfDomain = Callable[[str], int | None]
"""A domain in any spelling to the project of the nearest sending domain; None where there is none.

`domains.directory.Directory.owner` is one.
"""


class Unbound(StrEnum):
    """Which address does not belong to the project."""

    ENVELOPE_SENDER = "the envelope sender"
    FROM = "the From header"


def unbound(
    project: int, sender_domain: str, from_domains: Iterable[str], owner: OwnerOfDomain
) -> Unbound | None:
    """Tell what keeps the message from being sent for `project`; None where nothing does.

    `sender_domain` is "" for the null sender, which anybody may use: bounces and automatic replies have it
    [RFC 5321 section 4.5.5, RFC 3834 section 3.3]. A message without a From has only its envelope sender.
    """
    if sender_domain and owner(sender_domain) != project:
        return Unbound.ENVELOPE_SENDER
    if any(owner(domain) != project for domain in from_domains):
        return Unbound.FROM
    return None
