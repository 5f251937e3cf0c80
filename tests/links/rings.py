"""Key rings of fixed secrets, so that every token in these tests is the same on each run."""

from links import Key, KeyRing

SECRET = bytes(range(32))
OTHER_SECRET = bytes(range(32, 64))


def key(id: int = 1, *, secret: bytes = SECRET, seals_from: int = 0) -> Key:
    return Key(id=id, secret=secret, created_at=0, seals_from=seals_from)


def ring(*keys: Key) -> KeyRing:
    return KeyRing(keys=keys or (key(),))
