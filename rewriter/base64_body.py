"""Base64 (RFC 2045 section 6.8): all up to the first edit stays, the rest is encoded again (rule 16)."""

import binascii
import re
from collections.abc import Sequence
from itertools import islice

from rewriter.left_alone import LeftAlone
from rewriter.line_endings import line_ending
from rewriter.report import Edit, Reason
from rewriter.splice import apply_edits

_WHITE_SPACE = b"\t\r\n "
_LINE = re.compile(rb"[^\t\r\n ]++")
_LONGEST = 76


class Base64Body:
    """One body in base64.

    Strictly: a character outside the alphabet, padding in the middle or a cut last group are read
    differently by different programs (a mailing list's footer after the padding was seen), so such a body
    is left alone.
    """

    def __init__(self, message: bytes, start: int, end: int) -> None:
        self._message, self._start, self._end = message, start, end
        body = message[start:end]
        self._end_of_text = start + len(body.rstrip(_WHITE_SPACE))
        self._width = _usual_width(body)
        compact = body.translate(None, _WHITE_SPACE)
        try:
            self.decoded = binascii.a2b_base64(compact, strict_mode=True)
        except binascii.Error:
            raise LeftAlone(Reason.MALFORMED_ENCODING) from None

    def place(self, edits: Sequence[Edit]) -> list[Edit]:
        """Return one edit, from the first group of three bytes that changes to the last character."""
        if not edits:
            return []
        kept = edits[0].start // 3
        shift = kept * 3
        changed = apply_edits(
            self.decoded[shift:], [Edit(e.start - shift, e.end - shift, e.replacement) for e in edits]
        )
        position, column = self._locate(kept * 4)
        encoded = binascii.b2a_base64(changed, newline=False)
        eol = line_ending(self._message, self._start, self._end)
        return [Edit(position, self._end_of_text, _wrap(encoded, column, self._width, eol))]

    def _locate(self, count: int) -> tuple[int, int]:
        """Return where the character after the first `count` stands, and its column."""
        return self._locate_in_even_lines(count) or self._locate_line_by_line(count)

    def _locate_in_even_lines(self, count: int) -> tuple[int, int] | None:
        """Reckon with full lines, then check: the usual case, without a walk over thousands of lines."""
        eol = len(line_ending(self._message, self._start, self._end))
        lines, column = divmod(count, self._width)
        position = self._start + lines * (self._width + eol) + column
        if position >= self._end_of_text or self._message[position] in _WHITE_SPACE:
            return None
        before = self._message[self._start : position].translate(None, _WHITE_SPACE)
        return (position, column) if len(before) == count else None

    def _locate_line_by_line(self, count: int) -> tuple[int, int]:
        position, column = self._start, 0
        for line in _LINE.finditer(self._message, self._start, self._end):
            position, column = line.end(), line.end() - line.start()
            if count <= column:
                return line.start() + count, count
            count -= column
        return position, column


def _usual_width(body: bytes) -> int:
    """Return the width of the first line, unless that is the only one and shorter than lines may be."""
    widths = [len(line.group()) for line in islice(_LINE.finditer(body), 2)]
    return widths[0] if len(widths) == 2 else max([*widths, _LONGEST])


def _wrap(encoded: bytes, column: int, width: int, eol: bytes) -> bytes:
    if not encoded:
        return b""
    first = max(width - column, 0)
    lines = [encoded[:first]] + [encoded[i : i + width] for i in range(first, len(encoded), width)]
    return eol.join(lines)
