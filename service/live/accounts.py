"""Who may send, in memory, as fresh as the database is."""

import logging
import threading
from collections.abc import Iterable

from accounts.directory import AccountDirectory
from accounts.errors import StoreUnavailable
from accounts.model import Network
from accounts.ports import AccountStore
from service.alarm import Alarm

log = logging.getLogger("waypost.service")


class LiveAccounts:
    """The accounts as the database last had them. While it is away everybody signs in as before."""

    def __init__(
        self,
        store: AccountStore,
        default_networks: Iterable[Network],
        *,
        seed: AccountDirectory | None = None,
    ) -> None:
        """Begin with a reading, or with `seed`.

        Raises accounts.errors.StoreUnavailable without a seed: nobody could sign in.
        """
        self._store = store
        self._default_networks = tuple(default_networks)
        self._version = -1
        self._changing = threading.Lock()
        self._alarm = Alarm(log, "accounts")
        self.current = seed or AccountDirectory.build([], [], [])
        if seed is None:
            self._read()

    @property
    def was_read(self) -> bool:
        """Whether it is what the database had, not the seed."""
        return self._version >= 0

    def refresh(self) -> None:
        """Read the accounts again where they changed."""
        try:
            with self._changing:
                self._read()
        except StoreUnavailable as error:
            self._alarm.failed(f"{error} Clients sign in with the accounts as they were")
        else:
            self._alarm.well()

    def use_networks(self, default_networks: Iterable[Network]) -> None:
        """Use another `relay.networks` at once."""
        networks = tuple(default_networks)
        with self._changing:
            if networks != self._default_networks:
                self._default_networks = networks
                self.current = AccountDirectory.build(*self.current.entries, default_networks=networks)

    def _read(self) -> None:
        # The version first: a change in between is then seen again at the next reading, not missed.
        version = self._store.version()
        if version == self._version:
            return
        projects, credentials, routes = (
            self._store.projects(),
            self._store.credentials(),
            self._store.routes(),
        )
        self.current = AccountDirectory.build(
            projects, credentials, routes, default_networks=self._default_networks
        )
        if self._version >= 0:
            log.info("accounts changed: %d projects, %d credentials", len(projects), len(credentials))
        self._version = version
