"""Folders that must take files, and the room on their disks."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from service.checkup.finding import Finding, fail, ok, warn
from service.settings import Settings

MEBIBYTE: Final = 1 << 20
LITTLE: Final = 1_024 * MEBIBYTE
HARDLY_ANY: Final = 100 * MEBIBYTE


def look_at_journal(settings: Settings, _: int) -> Iterator[Finding]:
    """Look at where clicks, opens and relay records wait for the database."""
    directory = settings.journal.directory
    yield writable("journal", directory)
    yield from space("journal", directory)
    damaged = sorted(directory.glob("*.damaged"))
    if damaged:
        message = f"{len(damaged)} files of damaged lines in {directory}"
        yield warn("journal", message, "look at them, then delete them")


def writable(subject: str, directory: Path) -> Finding:
    """Tell whether files can be made in it, or it be made."""
    existing = _existing(directory)
    if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        return ok(subject, f"{directory} can be written")
    return fail(subject, f"{directory} cannot be written", f"mend the owner or permissions of {existing}")


def space(subject: str, directory: Path) -> Iterator[Finding]:
    """Tell where the disk is nearly full: a relay whose journal cannot be written takes no mail."""
    free = shutil.disk_usage(_existing(directory)).free
    if free >= LITTLE:
        return
    message = f"{free // MEBIBYTE} MiB are free on the disk of {directory}"
    remedy = "make room: without it events are lost, and mail is refused for the time being"
    yield fail(subject, message, remedy) if free < HARDLY_ANY else warn(subject, message, remedy)


def _existing(directory: Path) -> Path:
    return next(folder for folder in (directory, *directory.absolute().parents) if folder.exists())
