"""Sealed, self-contained tokens, format version 1; `docs/tokens.md` has the layout and the threat model.

AES-SIV (RFC 5297) because it needs no nonce: a relay that forgets its counter, or a virtual machine that
is copied while it runs, cannot repeat one. Its price, that equal plaintexts give equal tokens, is wanted
here: the same link of the same message gets the same URL.
"""

import re
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import ClassVar

from cryptography.exceptions import InvalidTag

from links.errors import InvalidToken, UnsafeUrl, UrlTooLong
from links.key_ring import Key, KeyRing
from links.spelling import read, spell
from links.url_compression import deflate, inflate

MAX_URL = 4096  # characters of the destination
MAX_TOKEN = 2000  # characters; a tracked URL is not longer, its token cannot be

_VERSION = 1
_CONTEXT = b"waypost link token"
_HEADER_BYTES = 3
_SIV_BYTES = 16
_MESSAGE_BYTES = 12
_RECIPIENT_BYTES = 8
_NUMBER_LIMIT = 1 << 31  # what a signed 32-bit column holds

_HAS_RECIPIENT = 0x01
_URL_DEFLATED = 0x02

# Printable ASCII alone: no CR or LF to split a header with, nothing that clients decode differently. In
# bytes, since the ignoring of case in text lets U+017F pass for an s.
_SAFE_URL = re.compile(rb"(?i:https?)://(?![/?#\\ ])[ -~]++")


class Kind(IntEnum):
    """What a token is for; authenticated, so that one kind is never taken for the other."""

    CLICK = 1
    OPEN = 2


_KINDS = {kind.value: kind for kind in Kind}  # a fifth of the time of `Kind(value)`


@dataclass(frozen=True, slots=True, kw_only=True)
class ClickToken:
    """A tracked link of one message."""

    kind: ClassVar[Kind] = Kind.CLICK
    project: int
    message: str  # 24 hex digits
    recipient: str | None  # 16 hex digits; None where recipients share one copy
    link: int  # its number in the message, from 1
    url: str  # absolute http or https, printable ASCII, at most `MAX_URL` characters


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenToken:
    """The open pixel of one message."""

    kind: ClassVar[Kind] = Kind.OPEN
    project: int
    message: str
    recipient: str | None


Token = ClickToken | OpenToken


def seal(token: Token, key: Key) -> str:
    """Return the token's text: at most `MAX_TOKEN` characters of base64url.

    Raises `UrlTooLong`, `UnsafeUrl`, `KeyRingError` for a revoked key, or ValueError where a number or an
    id is out of its range.
    """
    header = bytes((_VERSION << 4 | token.kind, key.id >> 8, key.id & 0xFF))
    text = spell(header + key.token_cipher.encrypt(_pack(token), [_CONTEXT + header]))
    if len(text) > MAX_TOKEN:
        raise UrlTooLong(f"the token would have {len(text)} characters, more than {MAX_TOKEN}")
    return text


def open_token(text: str, ring: KeyRing) -> Token:
    """Return what was sealed. Raises `InvalidToken`, and nothing else, whatever the text."""
    if len(text) > MAX_TOKEN:
        raise InvalidToken("too long")
    raw = read(text)
    if len(raw) <= _HEADER_BYTES + _SIV_BYTES or raw[0] >> 4 != _VERSION:
        raise InvalidToken("too short, or another version")
    key = ring.find(int.from_bytes(raw[1:_HEADER_BYTES], "big"))
    if key is None:
        raise InvalidToken("no such key")
    try:
        packed = key.token_cipher.decrypt(raw[_HEADER_BYTES:], [_CONTEXT + raw[:_HEADER_BYTES]])
        return _unpack(_KINDS[raw[0] & 0x0F], packed)
    except (InvalidTag, KeyError, ValueError):
        raise InvalidToken("not sealed by this key") from None


def _pack(token: Token) -> bytes:
    flags = _HAS_RECIPIENT if token.recipient is not None else 0
    packed = _pack_ids(token.project, token.message, token.recipient)
    if isinstance(token, ClickToken):
        url = _checked_url(token.url)
        deflated = deflate(url)
        if len(deflated) < len(url):
            flags |= _URL_DEFLATED
            url = deflated
        packed += _varint(token.link) + url
    return bytes((flags,)) + packed


@lru_cache(maxsize=16)  # the links of a message follow each other
def _pack_ids(project: int, message: str, recipient: str | None) -> bytes:
    packed = _varint(project) + _from_hex(message, _MESSAGE_BYTES)
    return packed if recipient is None else packed + _from_hex(recipient, _RECIPIENT_BYTES)


def _unpack(kind: Kind, packed: bytes) -> Token:
    """Read what `_pack` wrote. Raises ValueError: it is authentic, yet a later fault may have sealed it."""
    flags, is_click = packed[0], kind is Kind.CLICK
    if flags & ~(_HAS_RECIPIENT | _URL_DEFLATED if is_click else _HAS_RECIPIENT):
        raise ValueError("unknown flags")
    project, at = _read_varint(packed, 1)
    message, at = _read_hex(packed, at, _MESSAGE_BYTES)
    recipient = None
    if flags & _HAS_RECIPIENT:
        recipient, at = _read_hex(packed, at, _RECIPIENT_BYTES)
    if not is_click:
        if at < len(packed):
            raise ValueError("something follows")
        return OpenToken(project=project, message=message, recipient=recipient)
    link, at = _read_varint(packed, at)
    rest = packed[at:]
    url = _readable_url(inflate(rest, MAX_URL) if flags & _URL_DEFLATED else rest)
    return ClickToken(project=project, message=message, recipient=recipient, link=link, url=url)


def _checked_url(url: str) -> bytes:
    if len(url) > MAX_URL:
        raise UrlTooLong(f"the URL has {len(url)} characters, more than {MAX_URL}")
    plain = url.encode("ascii") if url.isascii() else b""
    if not _SAFE_URL.fullmatch(plain):
        raise UnsafeUrl("not an absolute http or https URL in printable ASCII")
    return plain


def _readable_url(plain: bytes) -> str:
    """Check again what was checked when it was sealed: a redirect anywhere is worth two locks."""
    if len(plain) > MAX_URL or not _SAFE_URL.fullmatch(plain):
        raise ValueError("no URL to redirect to")
    return plain.decode("ascii")


def _from_hex(text: str, size: int) -> bytes:
    raw = bytes.fromhex(text)
    if len(raw) != size or raw.hex() != text:
        raise ValueError(f"an id must be {2 * size} lower-case hex digits")
    return raw


def _read_hex(packed: bytes, at: int, size: int) -> tuple[str, int]:
    """Return the digits, and where the next field begins."""
    end = at + size
    if len(packed) < end:
        raise ValueError("cut short")
    return packed[at:end].hex(), end


def _varint(number: int) -> bytes:
    """Return base 128, low bits first, as Protocol Buffers write it."""
    if not 0 <= number < _NUMBER_LIMIT:
        raise ValueError(f"{number} is not between 0 and {_NUMBER_LIMIT - 1}")
    if number <= 0x7F:  # nearly always: a third of the time of the loop
        return bytes((number,))
    octets = bytearray()
    while number > 0x7F:
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    octets.append(number)
    return bytes(octets)


def _read_varint(packed: bytes, at: int) -> tuple[int, int]:
    """Return the number, and where the next field begins."""
    if at < len(packed) and packed[at] <= 0x7F:  # nearly always, as in `_varint`
        return packed[at], at + 1
    number = 0
    for position, octet in enumerate(packed[at : at + 5]):
        number |= (octet & 0x7F) << 7 * position
        if octet <= 0x7F:
            if number >= _NUMBER_LIMIT or (octet == 0 and position):
                raise ValueError("out of range, or longer than it need be")
            return number, at + position + 1
    raise ValueError("cut short, or too long")
