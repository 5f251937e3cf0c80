"""Reads the message after DATA in large pieces, with the limits enforced while it comes in.

Only CRLF.CRLF ends a message. What other servers may take for an end (LF.LF, CR.CR, LF.CRLF …) is data
here, and becomes a stuffed line once line endings are CRLF, so that no second message can be smuggled
through [CVE-2023-51764].

Each piece is decoded as it comes: done at the end, the decoding of 25 MB would hold up every other client.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

_END = b"\r\n.\r\n"
_STEP = 512 * 1024  # octets

# Each begins with the character itself: the engine leaps to it, and takes a third of the time of counting.
_LONE_CR = re.compile(rb"\r[^\n]")
_LONE_LF = re.compile(rb"\n(?<!\r\n)")


class MessageTooLarge(Exception):
    """The message was larger than the limit; all of it was read and dropped."""


class NoRoom(Exception):
    """There was no memory to be had for it; all of it was read and dropped."""


class Source(Protocol):
    """The client's side of the connection."""

    async def read_piece(self) -> bytes:
        """Return what came, b"" where the client hung up. May raise what ends the connection."""

    def give_back(self, rest: bytes) -> None:
        """Take back what a pipelining client sent behind the final dot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """As it was read: `content` has CRLF line endings only."""

    content: bytes
    bare_newlines: bool  # some line ending was a CR or LF alone
    nul: bool


async def read_message(source: Source, *, limit: int, reserve: Callable[[int], bool]) -> Message:
    """Return the message up to its final dot.

    `limit` is in octets. `reserve` is told how large the message is so far, and returns False where it must
    not be kept. Raises MessageTooLarge and NoRoom at the end of the message, asyncio.IncompleteReadError
    where the client hangs up, and what the source raises.
    """
    decoder = _Decoder()
    refusal: type[Exception] | None = None
    rest = None
    while rest is None:
        piece = await source.read_piece()
        if not piece:
            raise asyncio.IncompleteReadError(b"", None)
        rest = decoder.feed(piece)
        if refusal is None and decoder.size > limit:
            refusal = MessageTooLarge
        elif refusal is None and not reserve(decoder.size):
            refusal = NoRoom
        if refusal is not None:
            decoder.parts.clear()
    source.give_back(rest)
    if refusal is not None:
        raise refusal
    return Message(content=b"".join(decoder.parts), bare_newlines=decoder.bare_newlines, nul=decoder.nul)


class _Decoder:
    """Takes off the dots that were stuffed in, and makes every line ending CRLF.

    What is held back begins with the last CRLF, so that nothing that matters is cut in two.
    """

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0  # octets decoded, kept or not
        self.bare_newlines = False
        self.nul = False
        self._held = b"\r\n"  # of the DATA command: a dot at the very beginning starts a line too
        self._strange = len(self._held)  # octets that are not the message's

    def feed(self, piece: bytes) -> bytes | None:
        """Take what came; return what stands behind the final dot once that came, else None."""
        encoded = self._held + piece
        end = encoded.find(_END)
        if end >= 0:
            self._decode(encoded[: end + 2])
            return encoded[end + len(_END) :]
        cut = _safe_cut(encoded)
        self._held = encoded[cut:]
        if cut:
            self._decode(encoded[:cut])
        return None

    def _decode(self, encoded: bytes) -> None:
        decoded = encoded.replace(b"\r\n.", b"\r\n")
        decoded, self._strange = decoded[self._strange :], 0
        self.nul = self.nul or b"\0" in decoded
        if not has_only_crlf(decoded):
            self.bare_newlines = True
            decoded = with_crlf(decoded)
        self.parts.append(decoded)
        self.size += len(decoded)


def _safe_cut(encoded: bytes) -> int:
    """Return where to cut: before the last CRLF, or in a long line, but never behind a CR."""
    cut = encoded.rfind(b"\r\n")
    if cut > 0 or len(encoded) < len(_END):
        return max(0, cut)
    return len(encoded) - encoded.endswith(b"\r")


def with_crlf(message: bytes) -> bytes:
    """Return it with every lone CR or LF as CRLF."""
    return message.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")


def has_only_crlf(message: bytes) -> bool:
    """Tell whether no CR or LF stands alone.

    Step by step: one search through 25 MB would hold up all threads for tens of milliseconds.
    """
    return not message.endswith(b"\r") and not any(
        _LONE_CR.search(message, at, at + _STEP + 1) or _LONE_LF.search(message, at, at + _STEP)
        for at in range(0, len(message), _STEP)
    )
