"""The journal: records appended to files of this process, so that they survive its death.

A record is one `write`, done before the answer that it stands for goes out; from then on it is the kernel's.
It is on the disk only once `Journal.sync` says so: docs/durability.md says what survives what. A loss is
counted and told once for each change of state, and never raised: a full disk must not fail a click or a
delivery.
"""

import errno
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from events.model import Record
from events.segments import encode_line, lock, segment_name

log = logging.getLogger("waypost.journal")

MAX_SEGMENT_BYTES: Final = 4 * 1024 * 1024
_ATTEMPTS: Final = 10


class _Segment:
    """An open file of the journal, locked for as long as it is open."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.size = 0
        self.records = 0
        self._descriptor = descriptor

    def write(self, line: bytes) -> None:
        written = os.write(self._descriptor, line)
        self.size += written
        if written < len(line):  # how a disk that fills up answers first; the error comes with the next write
            raise OSError(errno.ENOSPC, f"only {written} of {len(line)} bytes were written")
        self.records += 1

    def vanished(self) -> bool:
        """Tell whether somebody deleted the file: writing still works then, and nobody will ever read it."""
        return os.fstat(self._descriptor).st_nlink == 0

    def sync(self) -> None:
        os.fsync(self._descriptor)

    def close(self) -> None:
        try:
            if self.size == 0:
                self.path.unlink(missing_ok=True)
        finally:
            os.close(self._descriptor)


def _locked(descriptor: int) -> bool:
    """Lock a new segment, or close it where the shipper came in between and takes it for a leftover."""
    mine = False
    try:
        mine = lock(descriptor)
    finally:
        if not mine:
            os.close(descriptor)
    return mine


class Journal:
    """Writes records to segments in `directory` (made 0700, files 0600: they hold addresses).

    `clock` gives milliseconds since 1970; `new_suffix` a short random text that can stand in a file name. Any
    thread may call any method. Opened in the process that writes, never before a fork (see
    `events.segments`). With `fsync` no segment is handed over that is not on the disk.
    """

    def __init__(
        self,
        directory: Path,
        *,
        clock: Callable[[], int],
        new_suffix: Callable[[], str],
        max_segment_bytes: int = MAX_SEGMENT_BYTES,
        fsync: bool = False,
    ) -> None:
        self.lost = 0
        """Records that could not be written, or whose file was deleted, since the start."""
        self._directory = directory
        self._clock = clock
        self._new_suffix = new_suffix
        self._max_segment_bytes = max_segment_bytes
        self._lock = threading.Lock()  # rotating must not close the descriptor that an append writes to
        self._segment: _Segment | None = None
        self._fsync = fsync
        # Held for a whole sync: another must not return while a retired segment is still being written out.
        self._syncing = threading.Lock()
        self._retired: list[_Segment] = []
        self._named = False  # whether a segment has come whose name is not on the disk yet
        self._failing = False
        self._unsafe = False
        self._start()

    def append(self, record: Record) -> bool:
        """Write the record; it survives this process once this returns True. Never raises `OSError`.

        False: it is lost, which is counted. The next append tries again with a new segment, so that no record
        is glued to half a line, and so that a directory that comes back is found.
        """
        line = encode_line(record)
        with self._lock:
            try:
                segment = self._segment = self._segment or self._open()
                segment.write(line)
            except OSError as error:
                self._lose(error)
                return False
            self._recover()
            if segment.size >= self._max_segment_bytes:
                self._replace(segment)
        return True

    def rotate(self) -> None:
        """Hand the segment, if it holds anything, to the shipper and start another."""
        with self._lock:
            segment = self._segment
            if segment is not None and (segment.size or segment.vanished()) and not self._replace(segment):
                log.warning("journal stays with %s, no new segment can be opened", segment.path)
        self._sync_retired()

    def sync(self) -> bool:
        """Bring all that was appended to the disk; blocks. False where that failed. Never raises `OSError`.

        After a failure the kernel may have dropped what it could not write and call the next `fsync` of the
        same file a success (https://wiki.postgresql.org/wiki/Fsync_Errors): the segment is not used further.
        """
        with self._syncing:
            with self._lock:
                retired, self._retired = self._retired, []
                current = self._segment
                named, self._named = self._named, False
            try:
                self._write_out([*retired, current] if current else retired, directory=named)
            except OSError as error:
                self._distrust(error, current)
                return False
            finally:
                with self._lock:
                    for segment in retired:
                        self._finish(segment)
            self._trust()
            return True

    def close(self) -> None:
        """Hand over the segment. A record that comes later still starts a new one. Never raises `OSError`."""
        with self._lock:
            self._close_segment()
        self._sync_retired()

    def _start(self) -> None:
        """Open the first segment now, so that a directory that cannot be written is told at the start."""
        try:
            self._segment = self._open()
        except OSError as error:
            self._alarm(error)

    def _open(self) -> _Segment:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for _ in range(_ATTEMPTS):
            path = self._directory / segment_name(self._clock(), self._new_suffix())
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            except FileExistsError:
                continue
            if _locked(descriptor):
                self._named = True
                return _Segment(path, descriptor)
        raise OSError(errno.EBUSY, "no new segment could be had")

    def _replace(self, old: _Segment) -> bool:
        """Open the next segment before the old one is closed: with no descriptor left, the old one stays."""
        try:
            self._segment = self._open()
        except OSError:
            return False
        self._let_go(old)
        return True

    def _lose(self, error: OSError) -> None:
        self.lost += 1
        self._alarm(error)
        self._close_segment()

    def _close_segment(self) -> None:
        segment, self._segment = self._segment, None
        if segment is not None:
            self._let_go(segment)

    def _let_go(self, segment: _Segment) -> None:
        if self._fsync:
            self._retired.append(segment)  # its lock goes with its descriptor, once it is on the disk
        else:
            self._finish(segment)

    def _sync_retired(self) -> None:
        if self._retired:
            self.sync()

    def _write_out(self, written: list[_Segment], *, directory: bool) -> None:
        for segment in written:
            segment.sync()
        if directory:  # a file that no name leads to is lost, however well it was written
            descriptor = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _distrust(self, error: OSError, current: _Segment | None) -> None:
        with self._lock:
            self._named = True
            if current is not None and self._segment is current:
                self._segment = None
                self._finish(current)
        if not self._unsafe:
            self._unsafe = True
            log.error(
                "journal %s cannot be brought to the disk, records may not survive the machine: %s",
                self._directory,
                error.strerror,
            )

    def _trust(self) -> None:
        if self._unsafe:
            self._unsafe = False
            log.warning("journal %s can be brought to the disk again", self._directory)

    def _finish(self, segment: _Segment) -> None:
        if segment.records and segment.vanished():
            self.lost += segment.records
            log.error(
                "journal segment %s was deleted while in use, %d records lost", segment.path, segment.records
            )
        try:
            segment.close()
        except OSError as error:
            log.warning("journal segment %s did not close cleanly (%s)", segment.path, error.strerror)

    def _alarm(self, error: OSError) -> None:
        if not self._failing:
            self._failing = True
            log.error(
                "journal %s cannot be written, clicks, opens and relay records are being lost: %s",
                self._directory,
                error.strerror,
            )

    def _recover(self) -> None:
        if self._failing:
            self._failing = False
            log.warning(
                "journal %s can be written again; %d records lost since the start", self._directory, self.lost
            )
