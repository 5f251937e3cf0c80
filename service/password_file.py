"""Passwords that stand in a file of their own."""

from pathlib import Path

from service.errors import OperatorError


def read_password(file: Path, setting: str) -> str:
    """Return what the file holds, without its line end. Raises OperatorError, which names `setting`."""
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(f"{setting}: {file} cannot be read: {error}") from None
