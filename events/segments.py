"""The journal's files: their names, their lines, and the lock that says whose they are.

A segment is a text file, one record a line: the CRC-32 of the JSON as eight hex digits, a space, the JSON.
Its writer holds `flock` on it for as long as it is open. The kernel drops that lock when the process dies,
however it dies, so a segment whose lock can be had has no writer; a file with a process id in it could name a
process that is another by now. The lock belongs to the open file: a forked child that inherits it keeps it.
"""

import fcntl
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from events.model import Record
from events.record_format import MalformedRecord, decode, encode

SUFFIX: Final = ".journal"
_HEADER: Final = 9  # eight hex digits and a space


def segment_name(at: int, suffix: str) -> str:
    """Return a name that sorts by time; `at` in milliseconds, `suffix` makes it unique among processes."""
    return f"{at:015d}-{suffix}{SUFFIX}"


def segments(directory: Path) -> list[Path]:
    """Return the segments, oldest first; none where there is no directory. Raises `OSError`."""
    try:
        return sorted(path for path in directory.iterdir() if path.suffix == SUFFIX)
    except FileNotFoundError:
        return []


def encode_line(record: Record) -> bytes:
    """Return the record as its line, newline included."""
    body = encode(record)
    return b"%08x %s\n" % (zlib.crc32(body), body)


def decode_line(line: bytes) -> Record:
    """Return the record of a line, with or without its newline. Raises `MalformedRecord`."""
    body = line[_HEADER:].removesuffix(b"\n")
    if line[:_HEADER] != b"%08x " % zlib.crc32(body):
        raise MalformedRecord("the checksum does not match")
    return decode(body)


def lock(descriptor: int) -> bool:
    """Take the segment's lock until the descriptor is closed. Return whether the segment is ours.

    A segment that was unlinked while we opened it is nobody's: what is written there is lost.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.fstat(descriptor).st_nlink > 0


@contextmanager
def claimed(path: Path) -> Iterator[BinaryIO | None]:
    """Open a segment for reading and hold its lock. None: it has a writer or another reader, or is gone."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        yield None
        return
    with file:
        yield file if lock(file.fileno()) else None
