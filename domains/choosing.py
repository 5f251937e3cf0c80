"""Which host new mail would use now, worked out from the few domains that it depends on.

The relay has all of them in memory (`domains.directory`); reading all for one answer would take a second.
"""

from collections.abc import Callable

from domains.default_host import default_base
from domains.directory import Choice, Directory
from domains.directory_entries import DomainEntries, SendingEntry, TrackingEntry
from domains.listing import TrackingFilter
from domains.model import TrackingDomain
from domains.names import host_name, parents_within_registrable
from domains.ports import DomainStore


class Choosing:
    """Of one project, whose short id is `sid`. `build` makes a directory as the settings have it."""

    def __init__(
        self, *, store: DomainStore, build: Callable[[DomainEntries], Directory], project: int, sid: str
    ) -> None:
        self._store = store
        self._build = build
        self._project = project
        self._sid = sid

    def of_sender(self, name: str) -> Choice:
        """Return what mail from a domain, as typed, gets. Raises `InvalidName`."""
        host = host_name(name)
        senders = self._store.find_sending_domains((host, *parents_within_registrable(host)))
        linked = {each.tracking_domain for each in senders if each.tracking_domain}
        tracking = [*filter(None, map(self._store.find_tracking_domain, sorted(linked)))]
        default = TrackingFilter(project=self._project, default=True)
        tracking += (each for each in self._store.tracking_domains(default) if each.name not in linked)
        entries = DomainEntries([*map(TrackingEntry.of, tracking)], [*map(SendingEntry.of, senders)])
        choice = self._build(entries).choose(self._project, host)
        return choice._replace(base=default_base(choice.base, self._sid))

    def base_of(self, domain: TrackingDomain) -> str:
        """Return what links on it begin with in new mail, "" where none may use it yet."""
        return self._build(DomainEntries([TrackingEntry.of(domain)], [])).base_of(domain.name)
