"""Which tracking domain a message gets: all domains in memory, for the way of a message.

The order, first that applies: the tracking domain linked to the sender's sending domain; the default of the
project; the system's default; none. A tracking domain counts only while it is active: verified, and served
over HTTPS where its links are to be https.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from domains.directory_entries import DomainChanges, DomainEntries, SendingEntry, TrackingEntry, patched
from domains.model import ALL, Https, Scheme, SendingDomain, State, TrackingDomain
from domains.names import normalised, parents_within_registrable, registrable
from domains.senders import Senders
from links.recipients import RecipientTracking
from rewriter.policy import NO_OVERRIDES, Mode, Overrides


class Why(StrEnum):
    """What decided a choice."""

    LINKED = "linked"
    PROJECT_DEFAULT = "project default"
    SYSTEM_DEFAULT = "system default"
    NONE = "no tracking domain"


# Python 3.11 looks a member of an enumeration up in a hundred nanoseconds, several times for each message.
_LINKED, _VERIFIED = Why.LINKED, State.VERIFIED
_OFF, _AUTO, _HTTP, _HTTPS = Https.OFF, Https.AUTO, Scheme.HTTP, Scheme.HTTPS


class Choice(NamedTuple):
    """What a sender gets.

    `base` is the URL that links begin with, such as `https://track.example.com`; "" is none. That of the
    system's default may hold `{sid}` (`domains.default_host`).
    `sending_domain` is the project's sending domain that the sender belongs to, itself or a parent; None for
    a stranger, who gets the defaults, if the caller wants that at all.
    """

    sending_domain: str | None
    tracking_domain: str | None  # the host of `base`; None where it is the system's default
    base: str
    why: Why
    passed_over: str | None = None  # the linked tracking domain, where it is not active
    tracking: Mode | None = None  # of the sending domain; None leaves it to its project
    share: int = ALL  # per cent
    rules: Overrides = NO_OVERRIDES  # of the sending domain
    recipients: RecipientTracking | None = None  # the same; None leaves it to its project


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """A snapshot of all domains. A choice is made when it is asked for: one kept for each domain would take
    as much memory as all the rest.
    """

    _tracking: Mapping[str, TrackingEntry]
    _senders: Senders
    _defaults: Mapping[int, str]  # the active default of each project that has one
    _last_resort: Choice  # for a project without a default
    _before_https: Scheme | None

    @classmethod
    def build(
        cls,
        tracking: Iterable[TrackingDomain],
        sending: Iterable[SendingDomain],
        *,
        system_default: str | None = None,
        before_https: Scheme | None = Scheme.HTTP,
        require_verified: bool = False,
    ) -> "Directory":
        """Build it from the lists of a store; for the rest see `of`."""
        return cls.of(
            DomainEntries(list(map(TrackingEntry.of, tracking)), list(map(SendingEntry.of, sending))),
            system_default=system_default,
            before_https=before_https,
            require_verified=require_verified,
        )

    @classmethod
    def of(
        cls,
        entries: DomainEntries,
        *,
        system_default: str | None = None,
        before_https: Scheme | None = Scheme.HTTP,
        require_verified: bool = False,
    ) -> "Directory":
        """Build it from entries.

        `system_default` is a base URL; None or "" for none. `before_https` as for `scheme_of`.
        `require_verified`: the link of a sending domain counts only when it is verified.
        """
        by_name = {entry.name: entry for entry in entries.tracking}
        return cls(
            _tracking=by_name,
            _senders=Senders.of(entries.sending, require_verified=require_verified),
            _defaults=_active_defaults(by_name.values(), before_https),
            _last_resort=_last_resort(system_default or ""),
            _before_https=before_https,
        )

    def changed(self, changes: DomainChanges) -> "Directory":
        """Return what it is after the changes, as if it were built from all entries anew.

        The mappings are copied, in a millisecond each, so that this one stays what it is for who reads it.
        """
        return replace(
            self,
            _tracking=patched(self._tracking, changes.tracking),
            _senders=self._senders.changed(changes.sending),
            _defaults=self._changed_defaults(changes.tracking),
        )

    @property
    def system_default(self) -> str:
        """The base URL of the last resort, "" where there is none; it may hold `{sid}`."""
        return self._last_resort.base

    @property
    def entries(self) -> DomainEntries:
        """What it was built from."""
        return DomainEntries(self._tracking.values(), self._senders.known.values())

    def choose(self, project: int, sender_domain: str) -> Choice:
        """Choose for the domain of a From header, in any spelling; never raises.

        The nearest sending domain decides: the sender's own, or a parent down to its registrable domain.
        One without a link stands for the defaults: a parent's link does not reach past it, so that a
        subdomain can be taken back to the default.
        """
        sender = self._senders.find(sender_domain)  # nearly always written as it is stored
        if sender is None or sender.project != project:
            sender = self._nearest(project, normalised(sender_domain))
        return self._default(project) if sender is None else self._choice_of(sender)

    def base_of(self, host: str) -> str:
        """Return what links on a tracking domain begin with, "" where it is not active or not known."""
        entry = self._tracking.get(host)
        return "" if entry is None else self._base(entry)

    def owner(self, sender_domain: str) -> int | None:
        """Return the project of the nearest sending domain, own or parent; None for a stranger.

        A subdomain that is another project's own is not its parent's.
        """
        name = normalised(sender_domain)
        sender = self._senders.find(name)
        if sender is None:
            known = map(self._senders.find, parents_within_registrable(name))
            sender = next(filter(None, known), None)
        return None if sender is None else sender.project

    def project_of(self, host: str) -> int | None:
        """Return whose tracking domain `host` is, in whatever state; None where it is none."""
        entry = self._tracking.get(normalised(host))
        return None if entry is None else entry.project

    def was_verified(self, host: str) -> bool:
        """Tell whether `host` is a tracking domain that was verified once: mail may hold links on it."""
        entry = self._tracking.get(normalised(host))
        return entry is not None and entry.was_verified

    def _nearest(self, project: int, name: str) -> SendingEntry | None:
        sender = self._senders.find(name)
        if sender is not None and sender.project == project:
            return sender
        parent = name.partition(".")[2]
        while parent:
            sender = self._senders.find(parent)
            if sender is not None and sender.project == project:
                # Both are ends of `name`, so the length alone tells which is the higher one. Asked only for a
                # hit: the public suffix list costs more than all of the climb.
                site = registrable(name)
                return sender if site and len(parent) >= len(site) else None
            parent = parent.partition(".")[2]
        return None

    def _changed_defaults(self, changes: Mapping[str, TrackingEntry | None]) -> Mapping[int, str]:
        before = {project: name for project, name in self._defaults.items() if name not in changes}
        return before | _active_defaults(filter(None, changes.values()), self._before_https)

    def _default(self, project: int) -> Choice:
        name = self._defaults.get(project)
        if name is None:
            return self._last_resort
        return Choice(
            sending_domain=None,
            tracking_domain=name,
            base=self._base(self._tracking[name]),
            why=Why.PROJECT_DEFAULT,
        )

    def _choice_of(self, sender: SendingEntry) -> Choice:
        name, linked = sender.name, sender.tracking_domain
        base = self._linked_base(name, sender.project, linked) if linked else ""
        if base:
            return Choice(
                *(name, linked, base, _LINKED, None),
                *(sender.tracking, sender.share, sender.rules, sender.recipients),
            )
        default = self._default(sender.project)
        return Choice(
            sending_domain=name,
            tracking_domain=default.tracking_domain,
            base=default.base,
            why=default.why,
            passed_over=linked,
            tracking=sender.tracking,
            share=sender.share,
            rules=sender.rules,
            recipients=sender.recipients,
        )

    def _linked_base(self, sender: str, project: int, linked: str) -> str:
        """Return "" where the tracking domain is not active, or not of the same project."""
        domain = self._tracking.get(linked)
        if domain is None or domain.project != project or sender in self._senders.unproven:
            return ""
        return self._base(domain)

    def _base(self, domain: TrackingEntry) -> str:
        scheme = scheme_of(domain, self._before_https)
        return scheme + "://" + domain.name if scheme else ""  # an f-string formats an enumeration slowly


def scheme_of(domain: TrackingDomain | TrackingEntry, before_https: Scheme | None) -> Scheme | None:
    """Return the scheme of its links in new mail; None where it is not active, so that none may use it.

    `before_https` is for domains with `https = auto` on which HTTPS was not seen yet: HTTP where nothing here
    serves HTTPS, HTTPS where a proxy in front serves it for all; None where a certificate is on its way.
    """
    if domain.state is not _VERIFIED:
        return None
    if domain.https is _OFF:
        return _HTTP
    if domain.https_seen:
        return _HTTPS
    return before_https if domain.https is _AUTO else None


def _active_defaults(entries: Iterable[TrackingEntry], before_https: Scheme | None) -> dict[int, str]:
    """Return the name by project."""
    return {
        entry.project: entry.name for entry in entries if entry.is_default and scheme_of(entry, before_https)
    }


def _last_resort(system_default: str) -> Choice:
    return Choice(
        sending_domain=None,
        tracking_domain=None,
        base=system_default,
        why=Why.SYSTEM_DEFAULT if system_default else Why.NONE,
    )
