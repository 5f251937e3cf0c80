"""The metrics of worker processes: each writes its own to files, the process with the port adds them up.

A file belongs to a slot, not to a process: the lowest number that no living worker has. So restarts and
reloads leave no file behind for each process that ever was, and counters go on where they were.
"""

import contextlib
import os
import shutil
import tempfile
from enum import StrEnum
from itertools import count
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, multiprocess, values

from events.segments import lock

_PREFIX: Final = "waypost-metrics-"


class Kind(StrEnum):
    """What a worker does."""

    RELAY = "relay"
    TRACKER = "tracker"


def write_numbers(directory: Path, slot: int) -> None:
    """In a worker: keep all metrics that are made from now on in files of `directory`."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)
    values.ValueClass = values.MultiProcessValue(lambda: slot)  # type: ignore[no-untyped-call]


class WorkerNumbers:
    """In the process with the port. The folder is made for the first worker, and goes with this process.

    After a SIGKILL, the next process that makes one removes it.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._folder: _Folder | None = None
        self._taken: set[int] = set()
        self._slots: dict[int, tuple[Kind, int]] = {}  # by process id
        self._deaths = Counter(
            "waypost_worker_deaths", "Workers that died and were replaced", ["of"], registry=registry
        )

    @property
    def directory(self) -> Path:
        """Where workers write; made, and shown in the registry, once somebody asks."""
        if self._folder is None:
            _remove_leftovers()
            self._folder = _Folder()
            multiprocess.MultiProcessCollector(self._registry, str(self._folder.path))  # type: ignore[no-untyped-call]
            for kind in Kind:  # from 0 on, or the first death is no increase; never in a worker, whose files
                self._deaths.labels(kind.value)  # would show the same metric a second time
        return self._folder.path

    def workers(self, kind: Kind) -> int:
        """How many live."""
        return sum(lives is kind for lives, _ in self._slots.values())

    def died(self, kind: Kind) -> None:
        """Count one that was not told to end."""
        self._deaths.labels(kind.value).inc()

    def take_slot(self) -> int:
        """Return the slot of a worker that is about to begin."""
        slot = next(slot for slot in count() if slot not in self._taken)
        self._taken.add(slot)
        return slot

    def began(self, process: int, kind: Kind, slot: int) -> None:
        """Remember whose slot it is."""
        self._slots[process] = kind, slot

    def ended(self, process: int) -> None:
        """Give the slot of a process back."""
        if process in self._slots:
            self.give_back(self._slots.pop(process)[1])

    def give_back(self, slot: int) -> None:
        """Nothing is under way there any more; what was counted stays counted."""
        self._taken.discard(slot)
        multiprocess.mark_process_dead(slot, str(self.directory))  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Remove the folder."""
        if self._folder is not None:
            self._folder.remove()


class _Folder:
    """Among the system's temporary files, locked for as long as it is in use (see `events.segments`)."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._descriptor = _open(self.path)
        lock(self._descriptor)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._descriptor)


def _open(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)


def _remove_leftovers() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # another user's, or another process was faster
            _remove_leftover(folder)


def _remove_leftover(folder: Path) -> None:
    descriptor = _open(folder)
    try:
        # An empty one may be that of a process that has not locked it yet.
        if lock(descriptor) and any(folder.iterdir()):
            shutil.rmtree(folder)
    finally:
        os.close(descriptor)
