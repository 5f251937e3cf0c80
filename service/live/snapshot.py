"""The form of the snapshot: what relay and tracker need, sealed under a key of the ring.

It holds secret hashes and every customer's domains, so it is encrypted; and mail and clicks follow it where
the database cannot be asked, so nothing that anybody else wrote is ever taken for one. Not pickle: that would
run whatever the file says.

    16 octets "waypost snapshot", 2 the version of this form, 2 the key's id, 8 the time in milliseconds,
    12 nonce                                                                          (all authenticated)
    AES-256-GCM of a deflated sequence of sections: 1 octet length of the name, the name,
    4 octets length of the data, the data

The key is derived for this purpose alone (HKDF), so that it cannot be confused with a link's. The nonce is
random: 96 bits are enough for 2^32 snapshots under one key [NIST SP 800-38D, 8.3].
"""

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from links.key_ring import Key, KeyRing

NONCE_BYTES: Final = 12
MAX_FILE: Final = 256 * 1024 * 1024  # octets
MAX_SECTIONS: Final = 1024 * 1024 * 1024  # octets, of all together

_MAGIC: Final = b"waypost snapshot"
_VERSION: Final = 1
_HEADER: Final = struct.Struct(f">{len(_MAGIC)}sHHQ{NONCE_BYTES}s")
_NAME_LENGTH: Final = struct.Struct(">B")
_DATA_LENGTH: Final = struct.Struct(">I")
_INFO: Final = b"waypost snapshot, version 1"
_KEY_BYTES: Final = 32
_LEVEL: Final = 1  # a third of the time of the default, for a tenth more octets


class SnapshotError(Exception):
    """The snapshot cannot be used, or not be made; the message says why in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """`sections` are data by name (ASCII). `written_at` in milliseconds since 1970."""

    written_at: int
    sections: Mapping[str, bytes]


def seal_snapshot(snapshot: Snapshot, key: Key, nonce: bytes) -> bytes:
    """Return the file's octets; `nonce` is 12 random ones. Raises SnapshotError where they are too many."""
    header = _HEADER.pack(_MAGIC, _VERSION, key.id, snapshot.written_at, nonce)
    if sum(map(len, snapshot.sections.values())) > MAX_SECTIONS:
        raise SnapshotError("it would be too large")
    deflated = zlib.compress(b"".join(_packed(snapshot.sections)), _LEVEL)
    sealed = header + _cipher(key).encrypt(nonce, deflated, header)
    if len(sealed) > MAX_FILE:
        raise SnapshotError("it would be too large")
    return sealed


def open_snapshot(octets: bytes, ring: KeyRing) -> Snapshot:
    """Return what was sealed under any live key of the ring. Raises SnapshotError."""
    if len(octets) < _HEADER.size or not octets.startswith(_MAGIC):
        raise SnapshotError("it is no snapshot, or was cut off")
    _, version, key_id, written_at, nonce = _HEADER.unpack_from(octets)
    if version != _VERSION:
        raise SnapshotError("it was made by another version of Waypost")
    key = ring.find(key_id)
    if key is None:
        raise SnapshotError(f"key {key_id}, which sealed it, is not in the ring")
    try:
        deflated = _cipher(key).decrypt(nonce, octets[_HEADER.size :], octets[: _HEADER.size])
    except InvalidTag:
        raise SnapshotError("it is damaged, or of another installation") from None
    return Snapshot(written_at=written_at, sections=dict(_unpacked(_inflated(deflated))))


def _cipher(key: Key) -> AESGCM:
    return AESGCM(key.derive(_INFO, _KEY_BYTES))


def _packed(sections: Mapping[str, bytes]) -> Iterator[bytes]:
    for name, data in sections.items():
        yield _NAME_LENGTH.pack(len(name))
        yield name.encode("ascii")
        yield _DATA_LENGTH.pack(len(data))
        yield data


def _unpacked(octets: bytes) -> Iterator[tuple[str, bytes]]:
    """Take them apart; they are authentic, so that they fit unless a program was wrong."""
    at = 0
    try:
        while at < len(octets):
            (length,) = _NAME_LENGTH.unpack_from(octets, at)
            at += _NAME_LENGTH.size + length
            name = octets[at - length : at].decode("ascii")
            (length,) = _DATA_LENGTH.unpack_from(octets, at)
            at += _DATA_LENGTH.size + length
            yield name, octets[at - length : at]
    except (struct.error, UnicodeDecodeError):
        at = -1
    if at != len(octets):
        raise SnapshotError("its sections cannot be told apart")


def _inflated(deflated: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        octets = inflater.decompress(deflated, MAX_SECTIONS + 1024)
    except zlib.error:
        octets = b""
    if not inflater.eof:
        raise SnapshotError("it is too large, or cut off")
    return octets
