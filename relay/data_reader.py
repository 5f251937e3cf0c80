"""Reads the message after DATA in large pieces, with the limit enforced while it comes in.

Only CRLF.CRLF ends a message. What other servers may take for an end (LF.LF, CR.CR, LF.CRLF …) is data
here, and becomes a stuffed line once line endings are CRLF, so that no second message can be smuggled
through [CVE-2023-51764].
"""

import asyncio
import re

_END = b"\r\n.\r\n"
_PIECE = 256 * 1024  # octets; the most that asyncio reads at once
_LONE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


class MessageTooLarge(Exception):
    """The message was larger than the limit; all of it was read and dropped."""


async def read_message(reader: asyncio.StreamReader, *, limit: int, patience: float) -> bytes:
    """Return the message up to its final dot, unstuffed and with CRLF line endings only.

    `limit` is in octets, `patience` in seconds between two reads. What came behind the final dot stays in the
    reader. Raises MessageTooLarge, TimeoutError, and asyncio.IncompleteReadError where the client hangs up.
    """
    stuffed = await _read_to_end(reader, most=limit * 4 // 3 + len(_END), patience=patience)
    message = stuffed.replace(b"\r\n.", b"\r\n")[2:]
    if len(message) > limit:
        raise MessageTooLarge
    return with_crlf(message)


def with_crlf(message: bytes) -> bytes:
    """Return it with every lone CR or LF as CRLF."""
    return message if has_only_crlf(message) else _LONE.sub(b"\r\n", message)


def has_only_crlf(message: bytes) -> bool:
    """Tell whether no CR or LF stands alone."""
    return message.count(b"\r\n") == message.count(b"\r") == message.count(b"\n")


async def _read_to_end(reader: asyncio.StreamReader, *, most: int, patience: float) -> bytes:
    """Return the stuffed message behind the CRLF of the DATA command, without its final dot.

    `most` has room for dot-stuffing, which adds a third at worst. Beyond it nothing is kept but what the end
    can begin with, however long the message goes on.
    """
    received = bytearray(b"\r\n")  # a dot at the very beginning stands at the start of a line too
    searched, too_large = 0, False
    while (end := received.find(_END, searched)) < 0:
        if len(received) > most:
            too_large = True
            del received[: 1 - len(_END)]
        searched = max(0, len(received) + 1 - len(_END))
        received += await _read_piece(reader, patience)
    _give_back(reader, received[end + len(_END) :])
    if too_large:
        raise MessageTooLarge
    return bytes(memoryview(received)[: end + 2])


async def _read_piece(reader: asyncio.StreamReader, patience: float) -> bytes:
    async with asyncio.timeout(patience):
        piece = await reader.read(_PIECE)
    if not piece:
        raise asyncio.IncompleteReadError(b"", None)
    return piece


def _give_back(reader: asyncio.StreamReader, rest: bytearray) -> None:
    """Put back what a pipelining client sent behind the dot: StreamReader has no public way to."""
    reader._buffer[:0] = rest  # type: ignore[attr-defined]
