"""The key ring as JSON text, for a file, a setting or an environment variable.

It is read strictly: a key that is silently skipped is a key whose links are silently dead. No message
quotes what it read, since that may be a secret.
"""

import base64
import json
from typing import Any

from links.errors import KeyRingError
from links.key_ring import Key, KeyRing

_VERSION = 1
_LIVE_FIELDS = {"id", "created_at", "seals_from", "secret"}
_REVOKED_FIELDS = {"id", "created_at", "seals_from", "revoked"}


def dump_key_ring(ring: KeyRing) -> str:
    """Return the ring as indented JSON, with its secrets in base64 and a final newline."""
    return json.dumps({"version": _VERSION, "keys": [_dump_key(key) for key in ring.keys]}, indent=2) + "\n"


def parse_key_ring(text: str) -> KeyRing:
    """Return the ring that `dump_key_ring` wrote. Raises `KeyRingError`."""
    # `from None`: the decoder's error carries the whole text, secrets included.
    try:
        document = json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise KeyRingError(f"the key ring is no JSON: {error.msg}, line {error.lineno}") from None
    except RecursionError:
        raise KeyRingError("the key ring is nested too deeply") from None
    if not isinstance(document, dict) or set(document) != {"version", "keys"}:
        raise KeyRingError('the key ring must be an object with "version" and "keys" alone')
    if type(document["version"]) is not int or document["version"] != _VERSION:
        raise KeyRingError(f"the key ring's version is not {_VERSION}: it was made by another Waypost")
    if not isinstance(document["keys"], list):
        raise KeyRingError('"keys" of the key ring must be a list')
    return KeyRing(keys=tuple(_parse_key(entry, f"keys[{i}]") for i, entry in enumerate(document["keys"])))


def _dump_key(key: Key) -> dict[str, object]:
    entry: dict[str, object] = {"id": key.id, "created_at": key.created_at, "seals_from": key.seals_from}
    if key.revoked:
        return entry | {"revoked": True}
    return entry | {"secret": base64.b64encode(key.secret).decode("ascii")}


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name given twice: parsers differ about which one counts (RFC 8259 section 4)."""
    entry = dict(pairs)
    if len(entry) != len(pairs):
        raise KeyRingError("the key ring has an object with the same name twice")
    return entry


def _parse_key(entry: object, place: str) -> Key:
    if not isinstance(entry, dict) or set(entry) not in (_LIVE_FIELDS, _REVOKED_FIELDS):
        raise KeyRingError(f'{place} must have "id", "created_at", "seals_from" and "secret" or "revoked"')
    for name in ("id", "created_at", "seals_from"):
        if type(entry[name]) is not int:  # bool is an int to isinstance
            raise KeyRingError(f"{place}.{name} must be a whole number")
    if entry.get("revoked", True) is not True:
        raise KeyRingError(f"{place}.revoked can only be true")
    return Key(
        id=entry["id"],
        created_at=entry["created_at"],
        seals_from=entry["seals_from"],
        secret=_parse_secret(entry["secret"], place) if "secret" in entry else b"",
        revoked="revoked" in entry,
    )


def _parse_secret(text: object, place: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except ValueError:
        raise KeyRingError(f"{place}.secret is no base64") from None
