"""Generated secrets, and what is stored of them. The caller brings the random bytes.

A secret holds 160 random bits, so nobody finds it by trying, whatever the hash: a slow hash guards only
passwords that people choose, and would cost tens of milliseconds at each sign-in. It is HMAC-SHA-256 with a
random key of its own beside it. A key of the key ring would do as well against a stolen database, and then
revoking or losing the keys of the links would end every login.
"""

import hmac
from dataclasses import dataclass
from typing import Final

SECRET_BYTES: Final = 20
SALT_BYTES: Final = 16
PREFIX: Final = "waypost_smtp_"
"""By this the scanners of code hosts find a password that was published."""

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 in lower case: no i, l, o or u that could be read as something else."""

_SCHEME: Final = "hmac-sha256"


@dataclass(frozen=True, slots=True)
class SecretHash:
    """What is kept of a secret. `str()` gives the stored form, `parse` reads it."""

    salt: bytes
    digest: bytes

    @classmethod
    def of(cls, secret: str, salt: bytes) -> "SecretHash":
        """Hash a secret with 16 random bytes."""
        return cls(salt, _digest(secret, salt))

    @classmethod
    def parse(cls, text: str) -> "SecretHash":
        """Read the stored form. Raises ValueError."""
        scheme, salt, digest = text.split("$")
        if scheme != _SCHEME:
            raise ValueError(f"{scheme!r} is no hash of this version")
        return cls(bytes.fromhex(salt), bytes.fromhex(digest))

    def __str__(self) -> str:
        return f"{_SCHEME}${self.salt.hex()}${self.digest.hex()}"

    def matches(self, secret: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self.digest, _digest(secret, self.salt))


NOBODY: Final = SecretHash(bytes(SALT_BYTES), bytes(32))
"""What is unknown is compared with this, so that the time of the answer does not tell who is known."""


def new_secret(random: bytes, *, prefix: str = PREFIX) -> str:
    """Return a secret of 20 random bytes: the prefix and 32 characters."""
    if len(random) != SECRET_BYTES:
        raise ValueError(f"{SECRET_BYTES} random bytes are needed, not {len(random)}")
    return prefix + base32(random)


def base32(random: bytes) -> str:
    """Return bytes, a multiple of five of them, in `ALPHABET`."""
    if len(random) % 5:
        raise ValueError("a multiple of five bytes is needed")
    number = int.from_bytes(random, "big")
    digits = len(random) * 8 // 5
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(digits)))


def _digest(secret: str, salt: bytes) -> bytes:
    # surrogatepass: whatever a client sends as a password is hashed and compared, and never raises.
    return hmac.digest(salt, secret.encode("utf-8", "surrogatepass"), "sha256")
