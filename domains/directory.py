"""Which tracking domain a message gets: all domains in memory, for the way of a message.

The order, first that applies: the tracking domain linked to the sender's sending domain; the default of the
project; the system's default; none. A tracking domain counts only while it is active.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from domains.model import ALL, SendingDomain, State, TrackingDomain
from domains.names import normalised, parents_within_registrable, registrable
from rewriter.policy import Mode


class Why(StrEnum):
    """What decided a choice."""

    LINKED = "linked"
    PROJECT_DEFAULT = "project default"
    SYSTEM_DEFAULT = "system default"
    NONE = "no tracking domain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """A snapshot of all domains. `build` makes every choice beforehand, so that a lookup is a dict's."""

    _senders: Mapping[tuple[int, str], Choice]
    _strangers: Mapping[int, Choice]  # by project
    _last_resort: Choice  # for a project without a default
    _hosts: frozenset[str]
    _owners: Mapping[str, int]  # the project of each sending domain

    @classmethod
    def build(
        cls,
        tracking: Iterable[TrackingDomain],
        sending: Iterable[SendingDomain],
        *,
        system_default: str | None = None,
    ) -> "Directory":
        """Build it from the lists of a store. `system_default` is a base URL; None or "" for none."""
        sending = tuple(sending)
        hosts = {domain.name: domain for domain in tracking}
        last_resort = _last_resort(system_default or None)
        strangers = {
            domain.project: _project_default(domain)
            for domain in hosts.values()
            if domain.is_default and is_active(domain)
        }
        senders = {
            (sender.project, sender.name): _linked_choice(
                sender, hosts, strangers.get(sender.project, last_resort)
            )
            for sender in sending
        }
        return cls(
            _senders=senders,
            _strangers=strangers,
            _last_resort=last_resort,
            _hosts=frozenset(hosts),
            _owners={sender.name: sender.project for sender in sending},
        )

    def choose(self, project: int, sender_domain: str) -> Choice:
        """Choose for the domain of a From header, in any spelling; never raises.

        The nearest sending domain decides: the sender's own, or a parent down to its registrable domain.
        One without a link stands for the defaults: a parent's link does not reach past it, so that a
        subdomain can be taken back to the default.
        """
        name = normalised(sender_domain)
        choice = self._senders.get((project, name)) or self._inherited(project, name)
        return choice or self._strangers.get(project, self._last_resort)

    def owner(self, sender_domain: str) -> int | None:
        """Return the project of the nearest sending domain, own or parent; None for a stranger.

        A subdomain that is another project's own is not its parent's.
        """
        name = normalised(sender_domain)
        owner = self._owners.get(name)
        if owner is not None:
            return owner
        return next((self._owners[up] for up in parents_within_registrable(name) if up in self._owners), None)

    def knows(self, host: str) -> bool:
        """Tell whether `host` is a tracking domain in whatever state, retired ones too."""
        return normalised(host) in self._hosts

    def _inherited(self, project: int, name: str) -> Choice | None:
        parent = name.partition(".")[2]
        while parent:
            if choice := self._senders.get((project, parent)):
                # Both are ends of `name`, so the length alone tells which is the higher one. Asked only for a
                # hit: the public suffix list costs more than all of the climb.
                site = registrable(name)
                return choice if site and len(parent) >= len(site) else None
            parent = parent.partition(".")[2]
        return None


def is_active(domain: TrackingDomain) -> bool:
    """Tell whether new mail may use it."""
    return domain.state is State.VERIFIED


def _last_resort(system_default: str | None) -> Choice:
    return Choice(
        sending_domain=None,
        tracking_domain=None,
        system_default=system_default,
        why=Why.SYSTEM_DEFAULT if system_default else Why.NONE,
    )


def _project_default(domain: TrackingDomain) -> Choice:
    return Choice(
        sending_domain=None, tracking_domain=domain.name, system_default=None, why=Why.PROJECT_DEFAULT
    )


def _linked_choice(sender: SendingDomain, hosts: Mapping[str, TrackingDomain], default: Choice) -> Choice:
    """Choose for a sending domain; a link across projects counts for nothing."""
    linked = hosts.get(sender.tracking_domain or "")
    if linked and linked.project == sender.project and is_active(linked):
        default = Choice(
            sending_domain=None, tracking_domain=linked.name, system_default=None, why=Why.LINKED
        )
        passed_over = None
    else:
        passed_over = sender.tracking_domain
    return replace(
        default,
        sending_domain=sender.name,
        passed_over=passed_over,
        tracking=sender.tracking,
        share=sender.share,
    )
