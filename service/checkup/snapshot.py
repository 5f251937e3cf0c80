"""The snapshot, from which relay and tracker start while the database is away."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from service.checkup.finding import Finding, ok, warn
from service.errors import OperatorError
from service.key_file import load_key_ring
from service.live.snapshot import Snapshot, SnapshotError
from service.live.snapshot_file import read_snapshot
from service.live.snapshot_keeper import REWRITE_SECONDS
from service.settings import Settings
from service.start import shown_age

STALE_SECONDS: Final = 3 * REWRITE_SECONDS


def look_at_snapshot(settings: Settings, now: int) -> Iterator[Finding]:
    """Say how old it is."""
    path = settings.database.snapshot
    if path is None:
        message = "off: while the database is away nothing can start"
        yield warn("snapshot", message, "set database.snapshot to a file")
        return
    try:
        snapshot = read_snapshot(path, load_key_ring(settings.keys))
    except SnapshotError as error:
        yield warn("snapshot", f"{path} cannot be used: {error}", "`waypost serve` writes it anew")
    except OperatorError:
        return  # the finding about the keys has said it
    else:
        yield _age(path, snapshot, now)


def _age(path: Path, snapshot: Snapshot | None, now: int) -> Finding:
    if snapshot is None:
        return warn("snapshot", f"{path} is not there yet", "`waypost serve` writes it")
    seconds = max(0, now - snapshot.written_at) / 1000
    age = shown_age(seconds)
    if seconds > STALE_SECONDS:
        remedy = "run `waypost serve`, which writes it anew while the database is there"
        return warn("snapshot", f"{path} is {age} old: a start from it lacks all changes since", remedy)
    return ok("snapshot", f"{path} is {age} old; a start goes on with it while the database is away")
