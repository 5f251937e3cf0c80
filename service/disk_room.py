"""Room on the disks that must take files."""

import shutil
from pathlib import Path
from typing import Final

MEBIBYTE: Final = 1 << 20
LITTLE: Final = 1_024 * MEBIBYTE
HARDLY_ANY: Final = 100 * MEBIBYTE


def existing(directory: Path) -> Path:
    """Return the folder, or the one above it that it would be made in."""
    return next(folder for folder in (directory, *directory.absolute().parents) if folder.exists())


def free_bytes(directory: Path) -> int:
    """Return how much is free on its disk for who is not root. Raises OSError."""
    return shutil.disk_usage(existing(directory)).free
