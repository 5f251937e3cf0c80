"""The snapshot's file: read at a start, replaced whole after changes, by one process of the machine."""

import fcntl
import os
from pathlib import Path

from links.key_ring import KeyRing
from service.live.snapshot import MAX_FILE, Snapshot, SnapshotError, open_snapshot


def read_snapshot(path: Path, ring: KeyRing) -> Snapshot | None:
    """Return what the file holds; None where there is none. Raises SnapshotError."""
    try:
        with path.open("rb") as file:
            octets = file.read(MAX_FILE + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SnapshotError(f"it cannot be read: {error.strerror}") from None
    if len(octets) > MAX_FILE:
        raise SnapshotError("it is too large")
    return open_snapshot(octets, ring)


class SnapshotFile:
    """The one writer on this machine, for as long as it lives: the kernel drops its lock however it ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    def claim(self) -> bool:
        """Return whether this process is the one that writes. Raises OSError."""
        if self._lock is None:
            self._lock = _locked(self.path.with_name(f"{self.path.name}.lock"))
        return self._lock is not None

    def write(self, octets: bytes) -> None:
        """Replace the file: whole, or not at all, whenever the machine stops. Raises OSError.

        What is written is under a name of its own until it is on the disk. That name is always the same, so
        that processes which were killed leave no heap of them.
        """
        draft = self.path.with_name(f"{self.path.name}.new")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)

    def release(self) -> None:
        """Let another process write."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _locked(path: Path) -> int | None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
