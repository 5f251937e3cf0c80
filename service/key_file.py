"""The key ring's file: made once, replaced whole."""

import os
import secrets
import tempfile
from pathlib import Path

from links.errors import KeyRingError
from links.key_file import dump_key_ring, parse_key_ring
from links.key_ring import SECRET_BYTES, KeyRing
from service.errors import OperatorError
from service.settings import KeysSection


class KeyFileError(OperatorError):
    """The key ring cannot be read or written; never names a secret."""


def new_secret() -> bytes:
    """Return a secret for a new key."""
    return secrets.token_bytes(SECRET_BYTES)


def load_key_ring(keys: KeysSection) -> KeyRing:
    """Read the ring from the settings, else from its file. Raises KeyFileError."""
    if keys.ring:
        return _parse(keys.ring, "keys.ring")
    try:
        return _parse(keys.file.read_text(encoding="ascii"), str(keys.file))
    except FileNotFoundError:
        raise KeyFileError(f"{keys.file}: no key ring; `waypost init` makes one") from None
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"{keys.file}: cannot be read: {error}") from None


def _parse(text: str, place: str) -> KeyRing:
    try:
        return parse_key_ring(text)
    except KeyRingError as error:
        raise KeyFileError(f"{place}: {error}") from None


def save_key_ring(path: Path, ring: KeyRing) -> None:
    """Write the ring, whole or not at all, readable by its owner alone. Raises KeyFileError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(dump_key_ring(ring))
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be written: {error.strerror}") from None
