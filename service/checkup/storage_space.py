"""Folders that must take files, and the room on their disks."""

import os
from collections.abc import Iterator
from pathlib import Path

from service.checkup.finding import Finding, fail, ok, warn
from service.disk_room import HARDLY_ANY, LITTLE, MEBIBYTE, existing, free_bytes
from service.settings import Settings


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
    folder = existing(directory)
    if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
        return ok(subject, f"{directory} can be written")
    return fail(subject, f"{directory} cannot be written", f"mend the owner or permissions of {folder}")


def space(subject: str, directory: Path) -> Iterator[Finding]:
    """Tell where the disk is nearly full: a relay whose journal cannot be written takes no mail."""
    free = free_bytes(directory)
    if free >= LITTLE:
        return
    message = f"{free // MEBIBYTE} MiB are free on the disk of {directory}"
    remedy = "make room: without it events are lost, and mail is refused for the time being"
    yield fail(subject, message, remedy) if free < HARDLY_ANY else warn(subject, message, remedy)
