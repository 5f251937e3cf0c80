"""The domains as the database last had them."""

import logging
import time
from collections.abc import Callable

from domains.directory import Directory
from domains.errors import StoreUnavailable
from domains.ports import DomainStore
from service.alarm import Alarm

log = logging.getLogger("waypost.service")


class LiveDirectory:
    """A change is seen at the next reading; the database may be away for as long as it likes."""

    def __init__(
        self,
        store: DomainStore,
        system_default: str | None,
        *,
        require_verified: bool = False,
        seed: Directory | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with a reading, or with `seed` where the database is away.

        Raises domains.errors.StoreUnavailable where there is neither: nothing could be tracked.
        """
        self._store = store
        self._system_default = system_default
        self._require_verified = require_verified
        self._version = -1
        self._alarm = Alarm(log, "domains")
        self._monotonic = monotonic
        self._checked = monotonic()
        self.current = seed or Directory.build([], [], system_default=system_default)
        if seed is None:
            self._read()
        else:
            self.refresh()

    def age(self) -> float:
        """Return how many seconds ago the database was read: after more than a few it is away."""
        return self._monotonic() - self._checked

    def refresh(self) -> None:
        """Read the domains again where they changed."""
        try:
            self._read()
        except StoreUnavailable as error:
            self._alarm.failed(f"{error} Mail goes on with the domains as they were")
        else:
            self._alarm.well()

    def use(self, system_default: str | None, *, require_verified: bool) -> None:
        """Follow other settings, as soon as the domains can be read."""
        if (system_default, require_verified) != (self._system_default, self._require_verified):
            self._system_default = system_default
            self._require_verified = require_verified
            self._version = -1
            self.refresh()

    def _read(self) -> None:
        # The version first: a change in between is then seen again at the next reading, not missed.
        version = self._store.version()
        if version == self._version:
            self._checked = self._monotonic()
            return
        entries = self._store.entries()
        self.current = Directory.of(
            entries, system_default=self._system_default, require_verified=self._require_verified
        )
        if self._version >= 0:
            log.info("domains changed: %d tracking, %d sending", len(entries.tracking), len(entries.sending))
        self._version = version
        self._checked = self._monotonic()
