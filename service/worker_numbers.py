"""The metrics of worker processes: each writes its own to files, the process with the port adds them up.

A file belongs to a slot, not to a process: the lowest number that no living worker has. So restarts and
reloads leave no file behind for each process that ever was, and counters go on where they were.
"""

import os
from pathlib import Path

from prometheus_client import CollectorRegistry, multiprocess, values


def write_numbers(directory: Path, slot: int) -> None:
    """In a worker: keep all metrics that are made from now on in files of `directory`."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)
    values.ValueClass = values.MultiProcessValue(lambda: slot)  # type: ignore[no-untyped-call]


def add_numbers(registry: CollectorRegistry, directory: Path) -> None:
    """In the process with the port: show the sums of what the workers wrote."""
    multiprocess.MultiProcessCollector(registry, str(directory))  # type: ignore[no-untyped-call]


def forget_present(directory: Path, slot: int) -> None:
    """A worker has ended: nothing is under way there any more. What it counted stays counted."""
    multiprocess.mark_process_dead(slot, str(directory))  # type: ignore[no-untyped-call]
