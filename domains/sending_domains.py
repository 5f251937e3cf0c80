"""The use cases of a project's sending domains. Names may come as typed.

Every refusal is a `domains.errors.DomainError` with one sentence that says what to do, and changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypedDict

from domains.errors import InvalidShare, NameTaken, UnknownDomain
from domains.model import ALL, SendingDomain, State
from domains.names import display, host_name
from domains.ports import DomainStore
from domains.tracking_domains import present_tracking_domain
from rewriter.policy import Mode


class SenderSettings(TypedDict, total=False):
    """What to set of a sending domain. What is left out stays as it is."""

    tracking: Mode | None  # None goes back to what the project says
    share: int  # per cent


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkResult:
    """A linked sending domain. `note` says where mail does not use the link yet, "" otherwise."""

    domain: SendingDomain
    note: str


class SendingDomains:
    """Adds, shows, links and removes the sending domains of one project."""

    def __init__(self, *, store: DomainStore, clock: Callable[[], datetime], project: int) -> None:
        self._store = store
        self._clock = clock
        self._project = project

    def add(self, name: str) -> SendingDomain:
        """Add it, not linked to anything. Raises `InvalidName`, `NameTaken`."""
        host = host_name(name)
        if self._store.find_sending_domain(host):
            raise NameTaken(f"{display(host)} is a sending domain already; link it, or choose another name")
        return self._store.add_sending_domain(project=self._project, name=host, created_at=self._clock())

    def all(self) -> list[SendingDomain]:
        """Return them by name."""
        return [domain for domain in self._store.sending_domains() if domain.project == self._project]

    def show(self, name: str) -> SendingDomain:
        """Raises `UnknownDomain`."""
        host = host_name(name)
        domain = self._store.find_sending_domain(host)
        if domain is None or domain.project != self._project:
            raise UnknownDomain(f"no sending domain is called {display(host)}; add it first")
        return domain

    def link(self, sender: str, tracking_domain: str) -> LinkResult:
        """Link a sending domain to a tracking domain, in place of the one before. Raises `UnknownDomain`."""
        sending = self.show(sender)
        tracking = present_tracking_domain(self._store, self._project, tracking_domain)
        self._store.link(sending.name, tracking.name)
        note = ""
        if tracking.state is not State.VERIFIED:
            note = f"{display(tracking.name)} is {tracking.state}; mail uses it once it is verified"
        return LinkResult(domain=replace(sending, tracking_domain=tracking.name), note=note)

    def unlink(self, sender: str) -> SendingDomain:
        """Take a sending domain back to the default. Raises `UnknownDomain`."""
        sending = self.show(sender)
        self._store.link(sending.name, None)
        return replace(sending, tracking_domain=None)

    def change(self, name: str, settings: SenderSettings) -> SendingDomain:
        """Set how far it has gone live. Raises `UnknownDomain`, `InvalidShare`."""
        changed = replace(self.show(name), **settings)
        if not 0 <= changed.share <= ALL:
            raise InvalidShare(f"a share of {changed.share} is no per cent; give a number from 0 to {ALL}")
        self._store.update_sending_domain(changed)
        return changed

    def remove(self, name: str) -> None:
        """Raises `UnknownDomain`."""
        self._store.delete_sending_domain(self.show(name).name)
