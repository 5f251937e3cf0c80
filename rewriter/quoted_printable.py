"""Quoted-printable (RFC 2045 section 6.7): only the encoded span of an edit is replaced (rule 15).

Decoding is what `binascii.a2b_qp` does, and positions follow it exactly. A map of every token would cost ten
times the decoding; so the way from edit to edit is made in leaps, each as long as cannot go too far, to the
start of a line, its decoded length known by decoding it again. Only the last few tokens are looked at singly.
"""

import binascii
import re
from collections.abc import Sequence
from itertools import zip_longest
from typing import NamedTuple

from rewriter.left_alone import LeftAlone
from rewriter.line_endings import line_ending
from rewriter.report import Edit, Reason
from rewriter.splice import merge_touching

_LONGEST_LINE = 76  # with the `=` of a soft line break, without the line ending

# What decodes to fewer bytes; a group tells that it decodes to one. The last three alternatives are how
# a2b_qp reads what RFC 2045 does not allow. Any other `=` stands for itself.
_TOKEN = re.compile(rb"=(?:([0-9A-Fa-f]{2}|=)|\r?\n|\r[^\n]*+(?:\n|\Z)|\Z)")
# Programs disagree about `==`, white space between `=` and the line's end, and a bare CR after `=`.
_UNCLEAR = re.compile(rb"=(?:=|[\t ]++(?:\r?\n|\Z)|\r(?!\n))")
_NOT_SAFE = re.compile(rb"[^\t -<>-~]")
# A `=` that stands for itself, and the hex digit after it.
_LITERAL_LEAD = re.compile(rb"=[0-9A-Fa-f]?\Z")
_LAST_CHARACTER = re.compile(rb"=[0-9A-Fa-f]{2}\Z|(?<!=)[^=]\Z")
_COMPLETES_AN_ESCAPE = frozenset(b"=0123456789ABCDEFabcdef")
# At the start of a line that we make: `--boundary` would be a delimiter, and some servers mangle a dot.
_NOT_FIRST = (b"-", b".")


class _Token(NamedTuple):
    """What decodes to one byte: the offset of that, and the span in the message."""

    offset: int
    start: int
    end: int


class _Span(NamedTuple):
    """An edit whose span is one in the message, and whose replacement is not encoded yet."""

    start: int
    end: int
    replacement: bytes


class QuotedPrintableBody:
    """One body in quoted-printable."""

    def __init__(self, message: bytes, start: int, end: int) -> None:
        self._message, self._start, self._end = message, start, end
        self._eol = line_ending(message, start, end)
        self.decoded = binascii.a2b_qp(message[start:end])

    def place(self, edits: Sequence[Edit]) -> list[Edit]:
        """Encode each replacement and break the lines that it makes too long."""
        placed: list[Edit] = []
        spans = self._encoded_spans(merge_touching(edits))
        column, position = 0, self._start
        for span, following in zip_longest(spans, spans[1:]):
            column = self._column_at(span.start, column, position)
            edit, column = self._encode(
                span, column, position, following.start if following else self._end + 1
            )
            placed.append(edit)
            position = edit.end
        return placed

    def _encoded_spans(self, edits: Sequence[Edit]) -> list[_Span]:
        """Return the spans of the edits in the message."""
        spans: list[_Span] = []
        token = _Token(0, self._start, self._start)
        for edit in edits:
            if edit.start < len(self.decoded):
                token = self._token(edit.start, token)
                start = token.start
            else:
                start = self._token(edit.start - 1, token).end if edit.start else self._start
            end = start
            if edit.end > edit.start:
                token = self._token(edit.end - 1, token)
                end = token.end
            self._refuse_unclear(start, end)
            spans.append(_Span(start, end, edit.replacement))
        return spans

    def _refuse_unclear(self, start: int, end: int) -> None:
        """Look at the lines that `[start, end)` is in, as far as lines may reach."""
        lowest = max(self._start, start - _LONGEST_LINE)
        first = self._message.rfind(b"\n", lowest, start) + 1 or lowest
        last = min(self._line_end(end) + 2, self._end)
        if _UNCLEAR.search(self._message, first, last):
            raise LeftAlone(Reason.MALFORMED_ENCODING)

    def _token(self, offset: int, known: _Token) -> _Token:
        """Find what decodes to the byte at `offset`, from a token that is not behind it."""
        position, rest = known.start, offset - known.offset
        while rest > _LONGEST_LINE:
            line = self._message.rfind(b"\n", position, position + rest) + 1
            if not line:
                break
            rest -= len(binascii.a2b_qp(self._message[position:line]))
            position = line
        for token in _TOKEN.finditer(self._message, position, self._end):
            start, end = token.span()
            if rest < start - position:
                break
            rest -= start - position
            position = end
            if token.lastindex:
                if not rest:
                    return _Token(offset, start, end)
                rest -= 1
        return _Token(offset, position + rest, position + rest + 1)

    def _column_at(self, target: int, column: int, position: int) -> int:
        """Return the column of `target` in the new message, given the one of `position` before it."""
        feed = self._message.rfind(b"\n", position, target)
        return target - feed - 1 if feed >= 0 else column + target - position

    def _line_end(self, position: int) -> int:
        """Return where the line's own text ends, before its line ending; no farther than it matters."""
        farthest = min(position + 2 * _LONGEST_LINE, self._end)
        feed = self._message.find(b"\n", position, farthest)
        if feed < 0:
            return farthest
        return feed - 1 if feed > position and self._message[feed - 1] == 0x0D else feed

    def _encode(self, span: _Span, column: int, floor: int, following: int) -> tuple[Edit, int]:
        """Return the edit of the message, and the column of its end in the new message.

        `floor` is where the edit before it ends, `following` where the next one starts.
        """
        start, end = span.start, span.end
        line_end = self._line_end(end)
        tail = self._message[end:line_end]
        room = _LONGEST_LINE - (following <= line_end)  # the next edit may have to begin with a `=`
        quoted = _quote(span.replacement, at_line_end=not tail)
        if lead := self._lead(max(floor, start - 2), start, column, quoted):
            start, column, quoted = start - len(lead), column - len(lead), _quote(lead) + quoted
        elif quoted and column >= _LONGEST_LINE:
            last = self._last_character(max(floor, start - 4), start)
            start, column, quoted = start - len(last), column - len(last), last + quoted
        encoded, column = _break_lines(quoted, column, self._eol)
        if column + len(tail) > room and column:
            encoded, column = encoded + b"=" + self._eol, 0
            if tail.startswith(_NOT_FIRST):
                encoded, column, end = encoded + b"=%02X" % tail[0], 3, end + 1
        return Edit(start, end, encoded), column

    def _lead(self, floor: int, start: int, column: int, quoted: bytes) -> bytes:
        """Return the bytes before `start` that would make an escape of what comes after them now."""
        lead = _LITERAL_LEAD.search(self._message[floor:start])
        if lead is None:
            return b""
        # With nothing new, or near the edge, a soft line break may be what comes.
        harmless = quoted and quoted[0] not in _COMPLETES_AN_ESCAPE and column < _LONGEST_LINE - 6
        return b"" if harmless else lead.group()

    def _last_character(self, floor: int, start: int) -> bytes:
        """Return what moves to a new line where there is no room for the `=` of a soft line break."""
        last = _LAST_CHARACTER.search(self._message[floor:start])
        return last.group() if last else b""


def _quote(text: bytes, *, at_line_end: bool = False) -> bytes:
    """Encode, in one endless line; white space at the end of a line would be lost on the way."""
    quoted = _NOT_SAFE.sub(lambda byte: b"=%02X" % byte.group()[0], text)
    if at_line_end and quoted.endswith((b" ", b"\t")):
        quoted = quoted[:-1] + b"=%02X" % quoted[-1]
    return quoted


def _break_lines(encoded: bytes, column: int, eol: bytes) -> tuple[bytes, int]:
    """Put soft line breaks in, beginning at `column`; return the column of the end, too."""
    lines: list[bytes] = []
    while encoded and column + len(encoded) >= _LONGEST_LINE:
        cut = max(0, _LONGEST_LINE - 1 - column)
        escape = encoded.rfind(b"=", max(0, cut - 2), cut)
        cut = escape if escape >= 0 else cut
        lines.append(encoded[:cut])
        encoded, column = encoded[cut:], 0
        if encoded.startswith(_NOT_FIRST):
            encoded = b"=%02X" % encoded[0] + encoded[1:]
    return (b"=" + eol).join([*lines, encoded]), column + len(encoded)
