"""Undoing the edits of a rewritten message, independent of the rewriter: what is left is the original."""

import email
import email.policy
import re
from email.message import Message

TRACKED = rb"""["']?%s/c/[A-Za-z0-9_/-]+["']?"""
PIXEL = rb"""(?:\r\n)?<img src="%s/o/[A-Za-z0-9_-]+" width="1" height="1"[^>]*>(?:\r\n)?"""
WHITE_SPACE = re.compile(rb"[ \t\r\n]+")
VALUE = re.compile(rb"""\s*(?:"[^"]*"|'[^']*'|[^\s"'>]+)""")


class NotUndone(AssertionError):
    """Something else than a link value or the pixel changed."""


def undo_page(original: bytes, received: bytes, base: bytes) -> list[bytes]:
    """Return the original value behind each tracked link of `received`, quotes included, in order.

    Raises NotUndone where `received` differs from `original` in anything but link values and one pixel.
    """
    pixels = list(re.finditer(PIXEL % re.escape(base), received))
    if len(pixels) > 1:
        raise NotUndone("more than one pixel")
    for candidate in _without_pixel(received, pixels):
        values = _aligned(original, re.split(TRACKED % re.escape(base), candidate))
        if values is not None:
            return values
    raise NotUndone("what is left between the links is not the original")


def _aligned(original: bytes, kept: list[bytes]) -> list[bytes] | None:
    """Walk both at once: a piece that was kept, a value of the original, a piece, and so on to the end."""
    values: list[bytes] = []
    position = 0
    for number, piece in enumerate(kept):
        if number:
            value = VALUE.match(original, position)
            if value is None:
                return None
            values.append(value[0])
            position = value.end()
        end = _after(original, position, piece)
        if end is None:
            return None
        position = end
    return values if position == len(original) else None


def _after(original: bytes, position: int, piece: bytes) -> int | None:
    """Return where `piece` ends in the original, which has it at `position`; None where it has not.

    In a tag whose line would pass 998 bytes a line ending stands where white space stood.
    """
    if original.startswith(piece, position):
        return position + len(piece)
    words = WHITE_SPACE.split(piece)
    pattern = rb"[ \t\r\n]+".join(map(re.escape, words))
    found = re.compile(pattern).match(original, position)
    return found.end() if found else None


def _without_pixel(received: bytes, pixels: list[re.Match[bytes]]) -> list[bytes]:
    if not pixels:
        return [received]
    start, end = pixels[0].span()
    before, pixel, after = received[:start], received[start:end], received[end:]
    leading = b"\r\n" if pixel.startswith(b"\r\n") else b""
    trailing = b"\r\n" if pixel.endswith(b"\r\n") else b""
    # A line ending beside the pixel may be the original's or the pixel's own.
    return [before + own + after for own in {b"", leading, trailing, leading + trailing}]


def differing_parts(original: bytes, received: bytes) -> list[tuple[Message, Message]]:
    """Return the leaves that differ. Raises NotUndone where headers or structure do."""
    before, after = (
        email.message_from_bytes(data, policy=email.policy.compat32) for data in (original, received)
    )
    pairs = list(zip(before.walk(), after.walk(), strict=True))
    if any(left.items() != right.items() for left, right in pairs):
        raise NotUndone("a header changed")
    return [
        (left, right)
        for left, right in pairs
        if not left.is_multipart() and left.get_payload() != right.get_payload()
    ]


def decoded(part: Message) -> bytes:
    """Return a leaf without its transfer encoding, whose name may end in a stray semicolon."""
    encoding = str(part.get("Content-Transfer-Encoding", "7bit"))
    del part["Content-Transfer-Encoding"]
    part["Content-Transfer-Encoding"] = encoding.partition(";")[0].strip()
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload
