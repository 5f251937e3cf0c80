"""Who may send, in memory, as fresh as the database is."""

import logging
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
        """Begin with a reading, or with `seed` where the database is away.

        Raises accounts.errors.StoreUnavailable where there is neither: nobody could sign in.
        """
        self._store = store
        self._default_networks = tuple(default_networks)
        self._version = -1
        self._alarm = Alarm(log, "accounts")
        self.current = seed or AccountDirectory.build([], [], [])
        if seed is None:
            self._read()
        else:
            self.refresh()

    def refresh(self) -> None:
        """Read the accounts again where they changed."""
        try:
            self._read()
        except StoreUnavailable as error:
            self._alarm.failed(f"{error} Clients sign in with the accounts as they were")
        else:
            self._alarm.well()

    def use_networks(self, default_networks: Iterable[Network]) -> None:
        """Use another `relay.networks`, as soon as the accounts can be read."""
        networks = tuple(default_networks)
        if networks != self._default_networks:
            self._default_networks = networks
            self._version = -1
            self.refresh()

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
