"""What the directory keeps of each domain, and of what changed."""

from collections.abc import Collection, Mapping
from typing import NamedTuple, TypeVar

from domains.model import ALL, Https, SendingDomain, State, TrackingDomain
from links.recipients import RecipientTracking
from rewriter.policy import NO_OVERRIDES, Mode, Overrides

Entry = TypeVar("Entry")


class TrackingEntry(NamedTuple):
    """What the directory keeps of a tracking domain: less than the model, since there may be 100,000."""

    name: str
    project: int
    state: State
    is_default: bool
    https: Https = Https.AUTO
    https_seen: bool = False
    was_verified: bool = False  # once at least

    @classmethod
    def of(cls, domain: TrackingDomain) -> "TrackingEntry":
        """Return what the directory keeps of it."""
        return cls(
            domain.name,
            domain.project,
            domain.state,
            domain.is_default,
            domain.https,
            domain.https_seen,
            domain.verified_at is not None,
        )


class SendingEntry(NamedTuple):
    """What the directory keeps of a sending domain."""

    name: str
    project: int
    tracking_domain: str | None = None
    tracking: Mode | None = None
    share: int = ALL
    id: int = 0
    verified: bool = False
    rules: Overrides = NO_OVERRIDES
    recipients: RecipientTracking | None = None

    @classmethod
    def of(cls, domain: SendingDomain) -> "SendingEntry":
        """Return what the directory keeps of it."""
        return cls(
            domain.name,
            domain.project,
            domain.tracking_domain,
            domain.tracking,
            domain.share,
            domain.id,
            domain.verified,
            domain.rules,
            domain.recipients,
        )


class DomainEntries(NamedTuple):
    """All of them; each name once."""

    tracking: Collection[TrackingEntry]
    sending: Collection[SendingEntry]


class DomainChanges(NamedTuple):
    """What became of the domains that changed, by name; None where there is none of that name any more.

    `version` is the one after these changes.
    """

    version: int
    tracking: Mapping[str, TrackingEntry | None]
    sending: Mapping[str, SendingEntry | None]


def patched(entries: Mapping[str, Entry], changes: Mapping[str, Entry | None]) -> Mapping[str, Entry]:
    """Return the entries after the changes, in a mapping of their own where there are any."""
    if not changes:
        return entries
    after = dict(entries)
    for name, entry in changes.items():
        if entry is None:
            after.pop(name, None)
        else:
            after[name] = entry
    return after
