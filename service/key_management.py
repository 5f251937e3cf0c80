"""Rotating and revoking the keys that seal links."""

from collections.abc import Callable
from dataclasses import dataclass

from events.ports import EventStore
from links.errors import KeyRingError
from links.key_ring import Key, KeyRing
from service.errors import OperatorError
from service.key_file import KeyFileError, load_key_ring, new_secret, save_key_ring
from service.settings import KeysSection


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUse:
    """What dies with a key: so many links in so many messages, as far as the database knows."""

    messages: int
    links: int


def rotate_key(keys: KeysSection, now: int, seals_from: int) -> Key:
    """Add a key to the ring's file; it opens at once and seals from `seals_from` on (milliseconds)."""
    ring = _changed(lambda current: current.rotate(new_secret(), now, seals_from), keys)
    return ring.keys[-1]


def revoke_key(keys: KeysSection, key_id: int) -> None:
    """Take a key's secret out of the ring's file: every link that it sealed is dead from then on."""
    _changed(lambda current: current.revoke(key_id), keys)


def use_of_key(store: EventStore, key_id: int) -> KeyUse:
    """Count what the key sealed. Raises events.ports.StoreUnavailable."""
    messages, links = store.links_sealed_by(key_id)
    return KeyUse(messages=messages, links=links)


def _changed(change: Callable[[KeyRing], KeyRing], keys: KeysSection) -> KeyRing:
    if keys.ring:
        raise KeyFileError("the ring stands in keys.ring of the settings: change it there")
    try:
        ring = change(load_key_ring(keys))
    except KeyRingError as error:
        raise OperatorError(str(error)) from None
    save_key_ring(keys.file, ring)
    return ring
