"""The certificates of all hosts as the database last had them, their keys still sealed."""

import logging
import threading
from collections.abc import Iterable, Mapping

from certificates.errors import StoreUnavailable
from certificates.model import HostRecord
from certificates.ports import CertificateStore
from service.alarm import Alarm

log = logging.getLogger("waypost.service")


class LiveCertificates:
    """A change is seen at the next reading; the database may be away for as long as it likes.

    `current` is replaced, never changed. `edition` grows where a certificate changed: most changes are those
    of orders under way.
    """

    def __init__(self, store: CertificateStore, *, seed: Iterable[HostRecord] | None = None) -> None:
        """Begin with a reading, or with `seed`. Raises certificates.errors.StoreUnavailable without one."""
        self._store = store
        self._version = -1
        self._changing = threading.Lock()
        self._alarm = Alarm(log, "certificates")
        self.current: Mapping[str, HostRecord] = {record.host: record for record in seed or ()}
        self.edition = 0
        if seed is None:
            self._read()

    @property
    def was_read(self) -> bool:
        """Whether it is what the database had, not the seed."""
        return self._version >= 0

    def find(self, host: str) -> HostRecord | None:
        """Return what is known of a host."""
        return self.current.get(host)

    def refresh(self) -> None:
        """Read again what changed."""
        try:
            self._read()
        except StoreUnavailable as error:
            self._alarm.failed(f"{error} HTTPS goes on with the certificates as they were")
        else:
            self._alarm.well()

    def learn(self, record: HostRecord) -> None:
        """Take what this process has just written, before it is read; what is not stored is passed over."""
        with self._changing:
            known = self.current.get(record.host)
            if record.version > (known.version if known else 0):
                self._take({record.host: record})

    def _read(self) -> None:
        with self._changing:
            # The version first: a change in between is then seen again at the next reading, not missed.
            version = self._store.version()
            if version == self._version:
                return
            changed = {record.host: record for record in self._store.records(since=max(self._version, 0))}
            if not self.was_read:
                self.current = {}
            self._take(changed)
            self._version = version

    def _take(self, changed: Mapping[str, HostRecord]) -> None:
        before = self.current
        self.current = {**before, **changed}
        if any(_fingerprint(before.get(host)) != _fingerprint(record) for host, record in changed.items()):
            self.edition += 1


def _fingerprint(record: HostRecord | None) -> str:
    return record.certificate.fingerprint if record and record.certificate else ""
