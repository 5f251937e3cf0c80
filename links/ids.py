"""Ids as lower-case hex digits. The caller brings the time and the random bytes.

A message id begins with its time, so that rows made together lie together in an index (as UUID
version 7 does, RFC 9562 section 5.7); the others are random alone and say nothing.
"""

MESSAGE_RANDOM_BYTES = 6
RECIPIENT_BYTES = 8
RECORD_BYTES = 16


def message_id(now: int, random: bytes) -> str:
    """Return 24 hex digits: 48 bits of milliseconds since 1970, then 6 random bytes."""
    return now.to_bytes(6, "big").hex() + _hex(random, MESSAGE_RANDOM_BYTES)


def recipient_reference(random: bytes) -> str:
    """Return 16 hex digits of 8 random bytes: never a hash of an address, which could be guessed back."""
    return _hex(random, RECIPIENT_BYTES)


def record_id(random: bytes) -> str:
    """Return 32 hex digits of 16 random bytes."""
    return _hex(random, RECORD_BYTES)


def _hex(random: bytes, size: int) -> str:
    if len(random) != size:
        raise ValueError(f"{size} random bytes are needed, not {len(random)}")
    return random.hex()
