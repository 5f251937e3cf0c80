"""Forgetting a person, and telling what is stored of one.

To forget also binds what is on its way: records wait in journals, of other machines too, perhaps for days. So
a keyed fingerprint of the address is kept, and records that are older than the wish are stored without it.
"""

import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Protocol

from events.redaction import REMOVED
from links.key_ring import Key, KeyRing

_INFO: Final = b"waypost forgotten recipient, version 1"
_BYTES: Final = 32
_NEVER: Final = re.compile(r"[\s\x00-\x1f\x7f]")
_IN_TEXT: Final = re.compile(r"""[^\s<>()\[\],;:"'=@]+@[\w-]+(?:\.[\w-]+)*""")

EVERY_PROJECT: Final = 0


class InvalidAddress(ValueError):
    """The text is no mail address; the message is one sentence for the operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whom it is about: an address as it was typed, in one project or (None) in all."""

    address: str
    project: int | None = None

    def __post_init__(self) -> None:
        local, at, domain = self.address.rpartition("@")
        if not (local and at and domain) or _NEVER.search(self.address):
            raise InvalidAddress(f"{self.address!r} is no mail address; write it as ann@example.net")

    def spellings(self) -> tuple[str, ...]:
        """Return how it may be stored, capitals apart: its domain in letters of its own, or in ASCII's."""
        local, _, domain = self.address.rpartition("@")
        domains = dict.fromkeys((domain, _ascii(domain), _letters(domain)))
        return tuple(f"{local}@{each}" for each in domains)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """How much named the person: messages to him, mail from him, and his clicks and opens."""

    received: int = 0
    sent: int = 0
    hits: int = 0

    def plus(self, other: "Forgotten") -> "Forgotten":
        """Return both together."""
        return Forgotten(
            received=self.received + other.received,
            sent=self.sent + other.sent,
            hits=self.hits + other.hits,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """What came of forgetting a person, and what is left to do."""

    forgotten: Forgotten
    wiped: bool  # what was deleted has left the database's files
    damaged: tuple[Path, ...]  # files of damaged journal lines in which the address stands


class ForgettingStore(Protocol):
    """What is stored of people. Every method raises `events.ports.StoreUnavailable`.

    Steps go on beyond a message and return where they came to, None at the end.
    """

    def note(self, person: Person, fingerprints: Mapping[int, str], at: int) -> None:
        """Keep fingerprints, by the key that made each: records up to `at` are stored without the person."""

    def forget_next(self, person: Person, beyond: str) -> tuple[Forgotten, str | None]:
        """Take the person out of some messages, and of what happened to them."""

    def about_next(self, person: Person, beyond: str) -> tuple[list[dict[str, Any]], str | None]:
        """Return what is stored of some messages to the person, as JSON has it."""

    def wipe(self) -> bool:
        """Have what was deleted leave the database's files too; False where that must be tried again."""


def forget(store: ForgettingStore, person: Person, keys: KeyRing, now: int) -> Iterator[Forgotten]:
    """Forget the person up to now, and yield after each step. Raises `StoreUnavailable`; may be repeated."""
    live = {key.id: fingerprints(key)(person.address) for key in keys.keys if not key.revoked}
    store.note(person, live, now)
    place: str | None = ""
    while place is not None:
        done, place = store.forget_next(person, place)
        yield done


def about(store: ForgettingStore, person: Person) -> Iterator[dict[str, Any]]:
    """Yield what is stored of the messages to the person, the oldest first. Raises `StoreUnavailable`."""
    place: str | None = ""
    while place is not None:
        found, place = store.about_next(person, place)
        yield from found


def fingerprints(key: Key) -> Callable[[str], str]:
    """Return what makes fingerprints of addresses: 64 hex digits, the same for all their spellings.

    Who has the database without the key ring cannot try whose they are. Raises `KeyRingError`.
    """
    secret = key.derive(_INFO, _BYTES)

    def fingerprint(address: str) -> str:
        local, _, domain = address.rpartition("@")
        text = f"{local}@{_ascii(domain)}".lower().encode("utf-8", "surrogatepass")
        return hmac.digest(secret, text, sha256).hex()

    return fingerprint


def without_those(is_forgotten: Callable[[str], bool], text: str) -> str:
    """Return the text with `REMOVED` in place of the addresses in it that are forgotten."""
    return _IN_TEXT.sub(partial(_unless, is_forgotten), text)


def _unless(is_forgotten: Callable[[str], bool], found: re.Match[str]) -> str:
    return REMOVED if is_forgotten(found[0]) else found[0]


def _ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


def _letters(domain: str) -> str:
    try:
        return domain.encode("ascii").decode("idna")
    except UnicodeError:
        return domain
