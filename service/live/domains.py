"""The domains as the database last had them."""

import logging
import threading
import time
from collections.abc import Callable

from domains.directory import Directory
from domains.directory_entries import DomainEntries
from domains.errors import StoreUnavailable
from domains.ports import DomainStore
from service.alarm import Alarm

log = logging.getLogger("waypost.service")


Build = Callable[[DomainEntries], Directory]


class LiveDirectory:
    """A change is seen at the next reading; the database may be away for as long as it likes."""

    def __init__(
        self,
        store: DomainStore,
        build: Build = Directory.of,
        *,
        seed: Directory | None = None,
        seed_age: float = 0.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with a reading, or with `seed`, which is `seed_age` seconds old. `build` knows the settings.

        Raises domains.errors.StoreUnavailable without a seed: nothing could be tracked.
        """
        self._store = store
        self._build = build
        self._version = -1
        self._changing = threading.Lock()
        self._alarm = Alarm(log, "domains")
        self._monotonic = monotonic
        self._checked = monotonic() - seed_age
        self.current = seed or build(DomainEntries((), ()))
        if seed is None:
            self._read()

    @property
    def was_read(self) -> bool:
        """Whether it is what the database had, not the seed."""
        return self._version >= 0

    def age(self) -> float:
        """Return how many seconds ago the database was read: after more than a few it is away."""
        return self._monotonic() - self._checked

    def refresh(self) -> None:
        """Read the domains again where they changed."""
        try:
            with self._changing:
                self._read()
        except StoreUnavailable as error:
            self._alarm.failed(f"{error} Mail goes on with the domains as they were")
        else:
            self._alarm.well()

    def use(self, build: Build) -> None:
        """Follow other settings at once."""
        with self._changing:
            self._build = build
            self.current = build(self.current.entries)

    def _read(self) -> None:
        changes = self._store.changes_since(self._version) if self.was_read else None
        if changes is None:
            self._read_all()
        elif changes.version != self._version:
            self.current = self.current.changed(changes)
            log.info("domains changed: %d tracking, %d sending", len(changes.tracking), len(changes.sending))
            self._version = changes.version
        self._checked = self._monotonic()

    def _read_all(self) -> None:
        # The version first: a change in between is then seen again at the next reading, not missed.
        version = self._store.version()
        entries = self._store.entries()
        self.current = self._build(entries)
        if self.was_read:
            log.info("domains changed, all read: %d tracking, %d sending", *map(len, entries))
        self._version = version
