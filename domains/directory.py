"""Which tracking domain a message gets: all domains in memory, for the way of a message.

The order, first that applies: the tracking domain linked to the sender's sending domain; the default of the
project; the system's default; none. A tracking domain counts only while it is active.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from domains.model import ALL, SendingDomain, State, TrackingDomain
from domains.names import normalised, parents_within_registrable, registrable
from domains.ownership import ownership
from rewriter.policy import NO_OVERRIDES, Mode, Overrides


class Why(StrEnum):
    """What decided a choice."""

    LINKED = "linked"
    PROJECT_DEFAULT = "project default"
    SYSTEM_DEFAULT = "system default"
    NONE = "no tracking domain"


class Choice(NamedTuple):
    """What a sender gets. At most one of `tracking_domain` and `system_default` is set.

    `sending_domain` is the project's sending domain that the sender belongs to, itself or a parent; None for
    a stranger, who gets the defaults, if the caller wants that at all.
    """

    sending_domain: str | None
    tracking_domain: str | None  # a host; its scheme is the caller's decision
    system_default: str | None  # a base URL, such as http://localhost:8080
    why: Why
    passed_over: str | None = None  # the linked tracking domain, where it is not active
    tracking: Mode | None = None  # of the sending domain; None leaves it to its project
    share: int = ALL  # per cent
    rules: Overrides = NO_OVERRIDES  # of the sending domain


class TrackingEntry(NamedTuple):
    """What the directory keeps of a tracking domain: less than the model, since there may be 100,000."""

    name: str
    project: int
    state: State
    is_default: bool

    @classmethod
    def of(cls, domain: TrackingDomain) -> "TrackingEntry":
        """Return what the directory keeps of it."""
        return cls(domain.name, domain.project, domain.state, domain.is_default)


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
        )


class DomainEntries(NamedTuple):
    """All of them; each name once."""

    tracking: Collection[TrackingEntry]
    sending: Collection[SendingEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """A snapshot of all domains. A choice is made when it is asked for: it takes less than a microsecond, and
    one kept for each domain would take as much memory as all the rest.
    """

    _tracking: Mapping[str, TrackingEntry]
    _sending: Mapping[str, SendingEntry]  # those that count
    _idle: Collection[SendingEntry]  # those that do not
    _defaults: Mapping[int, str]  # the active default of each project that has one
    _last_resort: Choice  # for a project without a default

    @classmethod
    def build(
        cls,
        tracking: Iterable[TrackingDomain],
        sending: Iterable[SendingDomain],
        *,
        system_default: str | None = None,
        require_verified: bool = False,
    ) -> "Directory":
        """Build it from the lists of a store. `system_default` is a base URL; None or "" for none."""
        entries = DomainEntries(list(map(TrackingEntry.of, tracking)), list(map(SendingEntry.of, sending)))
        return cls.of(entries, system_default=system_default, require_verified=require_verified)

    @classmethod
    def of(
        cls, entries: DomainEntries, *, system_default: str | None = None, require_verified: bool = False
    ) -> "Directory":
        """Build it from entries. `require_verified`: a sending domain counts only when it is verified."""
        by_name = {entry.name: entry for entry in entries.tracking}
        known = {entry.name: entry for entry in entries.sending}
        idle = [
            entry
            for entry in known.values()
            if not ownership(entry, known).counts(require_verified=require_verified)
        ]
        for entry in idle:
            del known[entry.name]
        return cls(
            _tracking=by_name,
            _sending=known,
            _idle=idle,
            _defaults={
                entry.project: entry.name
                for entry in by_name.values()
                if entry.is_default and is_active(entry)
            },
            _last_resort=_last_resort(system_default or None),
        )

    @property
    def entries(self) -> DomainEntries:
        """What it was built from."""
        return DomainEntries(self._tracking.values(), [*self._sending.values(), *self._idle])

    def choose(self, project: int, sender_domain: str) -> Choice:
        """Choose for the domain of a From header, in any spelling; never raises.

        The nearest sending domain decides: the sender's own, or a parent down to its registrable domain.
        One without a link stands for the defaults: a parent's link does not reach past it, so that a
        subdomain can be taken back to the default.
        """
        name = normalised(sender_domain)
        sender = self._sending.get(name)
        if sender is None or sender.project != project:
            sender = self._inherited(project, name)
        return self._default(project) if sender is None else self._choice_of(sender)

    def owner(self, sender_domain: str) -> int | None:
        """Return the project of the nearest sending domain, own or parent; None for a stranger.

        A subdomain that is another project's own is not its parent's.
        """
        name = normalised(sender_domain)
        sender = self._sending.get(name)
        if sender is None:
            known = (self._sending.get(parent) for parent in parents_within_registrable(name))
            sender = next(filter(None, known), None)
        return None if sender is None else sender.project

    def knows(self, host: str) -> bool:
        """Tell whether `host` is a tracking domain in whatever state, retired ones too."""
        return normalised(host) in self._tracking

    def _inherited(self, project: int, name: str) -> SendingEntry | None:
        parent = name.partition(".")[2]
        while parent:
            sender = self._sending.get(parent)
            if sender is not None and sender.project == project:
                # Both are ends of `name`, so the length alone tells which is the higher one. Asked only for a
                # hit: the public suffix list costs more than all of the climb.
                site = registrable(name)
                return sender if site and len(parent) >= len(site) else None
            parent = parent.partition(".")[2]
        return None

    def _default(self, project: int) -> Choice:
        name = self._defaults.get(project)
        if name is None:
            return self._last_resort
        return Choice(sending_domain=None, tracking_domain=name, system_default=None, why=Why.PROJECT_DEFAULT)

    def _choice_of(self, sender: SendingEntry) -> Choice:
        linked = self._linked(sender)
        default = self._last_resort if linked else self._default(sender.project)
        return Choice(
            sending_domain=sender.name,
            tracking_domain=linked or default.tracking_domain,
            system_default=None if linked else default.system_default,
            why=Why.LINKED if linked else default.why,
            passed_over=None if linked else sender.tracking_domain,
            tracking=sender.tracking,
            share=sender.share,
            rules=sender.rules,
        )

    def _linked(self, sender: SendingEntry) -> str | None:
        """Return the linked tracking domain if it is active; a link across projects counts for nothing."""
        linked = self._tracking.get(sender.tracking_domain or "")
        usable = linked is not None and linked.project == sender.project and is_active(linked)
        return sender.tracking_domain if usable else None


def is_active(domain: TrackingDomain | TrackingEntry) -> bool:
    """Tell whether new mail may use it."""
    return domain.state is State.VERIFIED


def _last_resort(system_default: str | None) -> Choice:
    return Choice(
        sending_domain=None,
        tracking_domain=None,
        system_default=system_default,
        why=Why.SYSTEM_DEFAULT if system_default else Why.NONE,
    )
