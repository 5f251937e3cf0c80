"""The keys of an installation: every live key opens, one of them seals.

A new key is published to every node before it seals anything (`seals_from`), so that no node meets a
token that it cannot open yet. A revoked key leaves its id behind for ever: were the id given to another
key, an old link would be tried against the wrong secret and nobody could tell why it died.
"""

from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from links.errors import KeyRingError

SECRET_BYTES = 32
MAX_KEY_ID = 0xFFFF  # two bytes in the token

_TOKEN_INFO = b"waypost link token, version 1"
_TOKEN_KEY_BYTES = 64  # AES-256-SIV takes two AES-256 keys, RFC 5297 section 2.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One master secret. Times are milliseconds since 1970, UTC.

    Raises `KeyRingError` where the id or the secret's length is wrong.
    """

    id: int  # 1 to 65535
    created_at: int
    seals_from: int
    secret: bytes = field(repr=False)  # 32 bytes; empty once revoked
    revoked: bool = False
    _token_cipher: AESSIV | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 1 <= self.id <= MAX_KEY_ID:
            raise KeyRingError(f"key id {self.id} is not between 1 and {MAX_KEY_ID}")
        if len(self.secret) != (0 if self.revoked else SECRET_BYTES):
            need = "no secret since it is revoked" if self.revoked else f"a secret of {SECRET_BYTES} bytes"
            raise KeyRingError(f"key {self.id} must have {need}")
        # Made once: the derivation and the key schedule cost ten times what sealing a token does.
        cipher = None if self.revoked else AESSIV(self.derive(_TOKEN_INFO, _TOKEN_KEY_BYTES))
        object.__setattr__(self, "_token_cipher", cipher)

    @property
    def token_cipher(self) -> AESSIV:
        """The cipher that seals and opens tokens. Raises `KeyRingError` for a revoked key."""
        if self._token_cipher is None:
            raise KeyRingError(f"key {self.id} is revoked")
        return self._token_cipher

    def derive(self, info: bytes, length: int) -> bytes:
        """Return `length` bytes for the one purpose that `info` names, by HKDF-SHA256 (RFC 5869).

        Raises `KeyRingError` for a revoked key.
        """
        if self.revoked:
            raise KeyRingError(f"key {self.id} is revoked")
        return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(self.secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRing:
    """All keys, the revoked ones too, in the order of their ids. At least one is live, always.

    Raises `KeyRingError` where no key is live, or two share an id or a secret.
    """

    keys: tuple[Key, ...]
    _live: dict[int, Key] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        live = {key.id: key for key in self.keys if not key.revoked}
        if not live:
            raise KeyRingError("the key ring has no usable key")
        if len({key.id for key in self.keys}) != len(self.keys):
            raise KeyRingError("two keys of the ring have the same id")
        if len({key.secret for key in live.values()}) != len(live):
            raise KeyRingError("two keys of the ring have the same secret: revoking one would not help")
        object.__setattr__(self, "keys", tuple(sorted(self.keys, key=lambda key: key.id)))
        object.__setattr__(self, "_live", live)

    @classmethod
    def first(cls, secret: bytes, now: int) -> "KeyRing":
        """Return the ring of a new installation: key 1, which seals at once."""
        return cls(keys=(Key(id=1, secret=secret, created_at=now, seals_from=now),))

    def find(self, key_id: int) -> Key | None:
        """Return the live key with this id."""
        return self._live.get(key_id)

    def sealing(self, now: int) -> Key:
        """Return the newest key that may seal; where none may yet, the one that may first.

        The second case follows a revocation in haste: the next key then takes over before its time.
        """
        ready = [key for key in self._live.values() if key.seals_from <= now]
        if ready:
            return max(ready, key=lambda key: (key.seals_from, key.id))
        return min(self._live.values(), key=lambda key: (key.seals_from, key.id))

    def rotate(self, secret: bytes, now: int, seals_from: int) -> "KeyRing":
        """Return a ring with one key more, which opens at once and seals from `seals_from` on.

        Raises `KeyRingError` where the secret is known already, or no id is left.
        """
        new = Key(id=self.keys[-1].id + 1, secret=secret, created_at=now, seals_from=seals_from)
        return KeyRing(keys=(*self.keys, new))

    def revoke(self, key_id: int) -> "KeyRing":
        """Return a ring without this key's secret: every link that it sealed is dead from then on.

        Raises `KeyRingError` where no live key has this id, or it is the only one.
        """
        if key_id not in self._live:
            known = "is revoked already" if any(key.id == key_id for key in self.keys) else "does not exist"
            raise KeyRingError(f"key {key_id} {known}")
        if len(self._live) == 1:
            raise KeyRingError(f"key {key_id} is the only usable key: rotate first, then revoke it")
        return KeyRing(
            keys=tuple(
                replace(key, secret=b"", revoked=True) if key.id == key_id else key for key in self.keys
            )
        )
