"""The key ring as its file last had it."""

import logging
import threading
import time
from collections.abc import Callable

from links import KeyRing
from service.alarm import Alarm
from service.key_file import KeyFileError, load_key_ring
from service.settings import KeysSection

log = logging.getLogger("waypost.service")


class LiveKeyRing:
    """A rotation or revocation is seen without a restart."""

    def __init__(self, keys: KeysSection, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Raises KeyFileError."""
        self._keys = keys
        self._alarm = Alarm(log, "keys")
        self._monotonic = monotonic
        self._checked = monotonic()
        self._stamp = self._read_stamp()
        self.current = load_key_ring(keys)

    def age(self) -> float:
        """Return how many seconds ago it was last known to be what its file holds."""
        return self._monotonic() - self._checked

    def refresh(self) -> None:
        """Read the ring again where its file changed; a file that cannot be read changes nothing."""
        stamp = self._read_stamp()
        if stamp == self._stamp:
            self._checked = self._monotonic()
            return
        try:
            self.current = load_key_ring(self._keys)
        except KeyFileError as error:
            self._alarm.failed(f"{error}; the ring stays as it was")
            return
        self._stamp = stamp
        self._checked = self._monotonic()
        self._alarm.well()
        log.info("keys changed: %d in the ring", len(self.current.keys))

    def _read_stamp(self) -> tuple[int, int] | None:
        """Return what changes when the file is replaced; None where the settings hold the ring."""
        if self._keys.ring:
            return None
        try:
            status = self._keys.file.stat()
        except OSError:
            return (0, 0)
        return status.st_mtime_ns, status.st_ino


def fresh_ring(keys: KeysSection) -> Callable[[], KeyRing]:
    """Return the ring as its file has it at each call, for threads of a process that nobody refreshes.

    The tracker proves with a new key as soon as that seals. Raises KeyFileError.
    """
    live, one_at_a_time = LiveKeyRing(keys), threading.Lock()

    def current() -> KeyRing:
        with one_at_a_time:
            live.refresh()
            return live.current

    return current
