"""Shipping: from the journal's segments to the store, each record once however often this is repeated.

A segment is unlinked only after all its records are committed, and the store ignores an id that it has, so a
crash anywhere in between makes nothing twice and loses nothing. The segment's lock keeps a second shipper
away.
"""

import logging
import os
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from events.model import Record
from events.ports import EventStore, StoreUnavailable
from events.record_format import MalformedRecord
from events.segments import claimed, decode_line, segments

log = logging.getLogger("waypost.journal")

BATCH: Final = 1_000
DAMAGED_SUFFIX: Final = ".damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """What one run did. `skipped` tells which segments could not be read or freed, and why.

    They stay, and the next run tries them again.
    """

    records: int = 0
    segments: int = 0
    damaged: int = 0
    skipped: tuple[str, ...] = ()


def ship(directory: Path, store: EventStore, *, batch: int = BATCH, limit: int | None = None) -> Shipped:
    """Bring the records of segments without a living writer to the store, oldest first, at most `limit`.

    A line that cannot be read is counted, logged, and kept in a `.damaged` file beside. Raises
    `events.ports.StoreUnavailable`, and `OSError` where the directory cannot be read; nothing is lost then,
    and the same call can be made again.
    """
    total = Shipped()
    for path in segments(directory):
        if limit is not None and total.segments >= limit:
            break
        total = _added(total, _ship_segment(path, store, batch))
    return total


def _added(one: Shipped, other: Shipped) -> Shipped:
    return Shipped(
        records=one.records + other.records,
        segments=one.segments + other.segments,
        damaged=one.damaged + other.damaged,
        skipped=one.skipped + other.skipped,
    )


def _ship_segment(path: Path, store: EventStore, batch: int) -> Shipped:
    """Ship one segment, if it is free. A fault of this file alone must not hold up the ones behind it.

    Nor must a record that trips over a fault of ours; what that says may quote the record, so only where it
    came up is told.
    """
    try:
        with claimed(path) as file:
            return _drain(path, file, store, batch) if file is not None else Shipped()
    except OSError as error:
        return Shipped(skipped=(f"{path}: {error.strerror}",))
    except StoreUnavailable:
        raise
    except Exception as error:  # noqa: BLE001 - as above
        where = traceback.extract_tb(error.__traceback__)[-1]
        fault = f"{type(error).__name__} in {Path(where.filename).name}:{where.lineno}"
        return Shipped(skipped=(f"{path}: {fault}",))


def _drain(path: Path, file: BinaryIO, store: EventStore, batch: int) -> Shipped:
    unreadable: list[bytes] = []
    records = _records(file, unreadable)
    count = 0
    while chunk := tuple(islice(records, batch)):
        store.add(chunk)
        count += len(chunk)
    if unreadable:
        _keep_aside(path, unreadable)
    path.unlink()
    return Shipped(records=count, segments=1, damaged=_damaged(unreadable))


def _damaged(unreadable: list[bytes]) -> int:
    """Count the lines that were whole once. A last one without its newline never was: its append failed."""
    return sum(line.endswith(b"\n") for line in unreadable)


def _records(file: BinaryIO, unreadable: list[bytes]) -> Iterator[Record]:
    for line in file:
        try:
            yield decode_line(line)
        except MalformedRecord:
            unreadable.append(line)


def _keep_aside(path: Path, unreadable: list[bytes]) -> None:
    """Write the lines to a file beside, the same one when shipping is repeated."""
    aside = path.with_name(path.name + DAMAGED_SUFFIX)
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.writelines(unreadable)
    if damaged := _damaged(unreadable):
        log.error("journal segment %s: %d damaged lines, kept in %s", path, damaged, aside)
    else:
        log.warning("journal segment %s: its last line was cut off, kept in %s", path, aside)
