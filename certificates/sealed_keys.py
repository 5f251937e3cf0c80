"""Private keys as they are kept: sealed under the installation's key ring, each for its one owner.

    key id (2 bytes) | nonce (12) | AES-256-GCM of the key, with the owner's name as associated data

The owner's name keeps whoever can write to the database from giving one host the key of another. Every live
key of the ring opens; a revoked one does not, and what it sealed must be issued again.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from certificates.errors import KeyUnreadable
from links.key_ring import Key, KeyRing

_INFO: Final = b"waypost private key at rest, version 1"
_ID_BYTES: Final = 2
_NONCE_BYTES: Final = 12  # random ones are safe for 2^32 keys under one secret [NIST SP 800-38D, section 8.3]


class KeySeal:
    """Seals and opens private keys under the ring that `ring` returns at the moment."""

    def __init__(
        self, ring: Callable[[], KeyRing], *, clock: Callable[[], datetime], random: Callable[[int], bytes]
    ) -> None:
        """`random` returns so many bytes, unpredictable ones."""
        self._ring = ring
        self._clock = clock
        self._random = random

    def seal(self, owner: str, key: bytes) -> bytes:
        """Return the key as it can be kept."""
        sealing, nonce = self._sealing(), self._random(_NONCE_BYTES)
        sealed = _cipher(sealing).encrypt(nonce, key, owner.encode())
        return sealing.id.to_bytes(_ID_BYTES) + nonce + sealed

    def open(self, owner: str, sealed: bytes) -> bytes:
        """Return the key that was sealed for this owner. Raises `KeyUnreadable`."""
        opening = self._ring().find(_key_id(sealed))
        if opening is None:
            raise KeyUnreadable(
                f"the private key of {owner} was sealed with key {_key_id(sealed)}, which is gone"
            )
        nonce, text = sealed[_ID_BYTES:][:_NONCE_BYTES], sealed[_ID_BYTES + _NONCE_BYTES :]
        try:
            return _cipher(opening).decrypt(nonce, text, owner.encode())
        except (InvalidTag, ValueError):
            raise KeyUnreadable(f"the private key of {owner} is damaged, or was sealed for another") from None

    def opens(self, sealed: bytes) -> bool:
        """Tell whether the ring still holds the key that sealed it."""
        return self._ring().find(_key_id(sealed)) is not None

    def is_current(self, sealed: bytes) -> bool:
        """Tell whether it was sealed with the key that seals now."""
        return _key_id(sealed) == self._sealing().id

    def _sealing(self) -> Key:
        return self._ring().sealing(int(self._clock().timestamp() * 1000))


def _key_id(sealed: bytes) -> int:
    return int.from_bytes(sealed[:_ID_BYTES])


def _cipher(key: Key) -> AESGCM:
    return AESGCM(key.derive(_INFO, 32))
