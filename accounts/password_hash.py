"""Passwords that people choose, and what is stored of them: scrypt [RFC 7914]. The caller brings the salt."""

import hashlib
import hmac
import unicodedata
from dataclasses import dataclass
from typing import Final

from accounts.secret_hash import NOBODY, SALT_BYTES, SecretHash

_SCHEME: Final = "scrypt"
_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Cost:
    """Work and memory: 2 to the power `log_n` blocks of 128 * `r` octets, `p` times."""

    log_n: int
    r: int
    p: int


COST: Final = Cost(15, 8, 3)
"""One of those that the OWASP Password Storage Cheat Sheet (2025) holds equal; 32 MiB, some 0.2 s."""


@dataclass(frozen=True, slots=True)
class PasswordHash:
    """What is kept of a password. `str()` gives the stored form, `parse` reads it."""

    cost: Cost
    salt: bytes
    digest: bytes

    @classmethod
    def of(cls, password: str, salt: bytes, cost: Cost = COST) -> "PasswordHash":
        """Hash a password with 16 random bytes."""
        return cls(cost, salt, _digest(password, salt, cost))

    @classmethod
    def parse(cls, text: str) -> "PasswordHash":
        """Read the stored form. Raises ValueError."""
        scheme, log_n, r, p, salt, digest = text.split("$")
        if scheme != _SCHEME:
            raise ValueError(f"{scheme!r} is no hash of this version")
        return cls(Cost(int(log_n), int(r), int(p)), bytes.fromhex(salt), bytes.fromhex(digest))

    def __str__(self) -> str:
        cost = self.cost
        return f"{_SCHEME}${cost.log_n}${cost.r}${cost.p}${self.salt.hex()}${self.digest.hex()}"

    def matches(self, password: str) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(self.digest, _digest(password, self.salt, self.cost))


LoginHash = PasswordHash | SecretHash
"""A chosen password's, or a generated one's, which nobody finds by trying."""

_NO_PASSWORD: Final = PasswordHash(COST, bytes(SALT_BYTES), bytes(_BYTES))


def parse_login_hash(text: str) -> LoginHash:
    """Read either stored form. Raises ValueError."""
    return PasswordHash.parse(text) if text.startswith(f"{_SCHEME}$") else SecretHash.parse(text)


def matches(stored: LoginHash | None, password: str) -> bool:
    """Compare by the same work whatever is stored, or nothing: its time does not tell who is known."""
    slow, quick = _NO_PASSWORD, NOBODY
    if isinstance(stored, PasswordHash):
        slow = stored
    elif stored is not None:
        quick = stored
    return slow.matches(password) | quick.matches(password)


def _digest(password: str, salt: bytes, cost: Cost) -> bytes:
    # The same letters reach us composed or not, by keyboard and system [NIST SP 800-63B-4, 3.1.1.2].
    octets = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    memory = 128 * cost.r * (2**cost.log_n + cost.p + 2)
    return hashlib.scrypt(octets, salt=salt, n=2**cost.log_n, r=cost.r, p=cost.p, maxmem=memory, dklen=_BYTES)
