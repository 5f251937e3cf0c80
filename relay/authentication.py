"""What the AUTH command carries [RFC 4954]: the mechanisms PLAIN [RFC 4616] and LOGIN, without their wire.

LOGIN is no standard; draft-murchison-sasl-login says how it is spoken. Both send the password as it is, so
TLS comes first; challenge mechanisms would ask us to keep passwords instead of their hashes.
"""

import binascii
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from relay.replies import Refused

Ask = Callable[[bytes], Awaitable[bytes]]
"""Says a challenge, and returns the line that answers it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What a client claims to be, and its proof."""

    username: str
    password: str = field(repr=False)


async def read_login(argument: str, ask: Ask) -> Login:
    """Follow an exchange from the argument of AUTH to its end. Raises Refused."""
    name, _, initial = argument.partition(" ")
    if not name:
        raise Refused(501, "5.5.4", "Name a mechanism")
    mechanism = MECHANISMS.get(name.upper())
    if mechanism is None:
        raise Refused(504, "5.5.4", f"Mechanisms are {' and '.join(MECHANISMS)}")
    try:
        return await mechanism(initial, ask)
    except UnicodeDecodeError:
        raise Refused(501, "5.5.2", "That is not UTF-8") from None


async def _plain(initial: str, ask: Ask) -> Login:
    said = _initial(initial) if initial else await _answer(b"", ask)
    parts = said.decode().split("\0")
    if len(parts) != 3 or not (parts[1] and parts[2]):
        raise Refused(501, "5.5.2", "That is no message of PLAIN")
    identity, username, password = parts
    if identity not in ("", username):
        raise Refused(535, "5.7.8", "Nobody can act for another user")
    return Login(username=username, password=password)


async def _login(initial: str, ask: Ask) -> Login:
    """Some clients send the username with the command."""
    username = _initial(initial) if initial else await _answer(b"Username:", ask)
    password = await _answer(b"Password:", ask)
    return Login(username=username.decode(), password=password.decode())


MECHANISMS: Final[Mapping[str, Callable[[str, Ask], Awaitable[Login]]]] = {"PLAIN": _plain, "LOGIN": _login}


def _initial(text: str) -> bytes:
    return b"" if text == "=" else _decoded(text.encode())  # RFC 4954 section 4: "=" is empty


async def _answer(challenge: bytes, ask: Ask) -> bytes:
    line = await ask(challenge)
    if line == b"*":
        raise Refused(501, "5.7.0", "Cancelled")
    return _decoded(line)


def _decoded(text: bytes) -> bytes:
    try:
        return b64decode(text, validate=True)
    except binascii.Error:
        raise Refused(501, "5.5.2", "That is not Base64") from None
