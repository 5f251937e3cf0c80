"""Edits in parts whose lines go out as they are: no line grows beyond 998 bytes (rule 17)."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from rewriter.part_edits import LineLimit
from rewriter.report import Edit

_BLANKS = b" \t"


class Breakable(NamedTuple):
    """An edit, and the attribute around it: the white space beside that may become a line ending.

    Where there is no attribute, as in plain text, nothing may be broken.
    """

    edit: Edit
    attribute: tuple[int, int] | None = None


class Fitted(NamedTuple):
    """All edits to make, new line endings included, in order; and those left out to keep a line short."""

    edits: list[Edit]
    left_out: list[Edit]


class _Line(NamedTuple):
    """A line of the source, without its ending; several lines where an edit covers their endings."""

    start: int
    end: int
    edits: list[Breakable]


class _Piece(NamedTuple):
    """What stands between two places where the line may be broken."""

    gap: tuple[int, int]  # the white space before it
    width: int  # with the edits made
    edits: list[Breakable]


def fit(source: bytes, edits: Iterable[Breakable], limit: LineLimit) -> Fitted:
    """Return what fits. Lines that were too long before may become longer."""
    fitted = Fitted([], [])
    for line in _lines(source, edits):
        if _longest(source[line.start : line.end]) > limit.length:
            fitted.edits.extend(breakable.edit for breakable in line.edits)
        else:
            pieces = _fitting_pieces(source, line, limit.length, fitted.left_out)
            made = [breakable.edit for piece in pieces for breakable in piece.edits]
            fitted.edits.extend(sorted([*made, *_breaks(pieces, limit)], key=lambda edit: edit.start))
    return fitted


def _lines(source: bytes, edits: Iterable[Breakable]) -> Iterator[_Line]:
    start = end = 0
    in_line: list[Breakable] = []
    for breakable in edits:
        edit = breakable.edit
        if in_line and edit.start > end:
            yield _Line(start, end, in_line)
            in_line = []
        if not in_line:
            start = source.rfind(b"\n", end, edit.start) + 1
        in_line.append(breakable)
        if edit.end > end:
            end = _line_end(source, edit.end)
    if in_line:
        yield _Line(start, end, in_line)


def _line_end(source: bytes, position: int) -> int:
    end = source.find(b"\n", position)
    if end < 0:
        return len(source)
    return end - 1 if end > position and source[end - 1 : end] == b"\r" else end


def _longest(text: bytes) -> int:
    return max(len(line.rstrip(b"\r")) for line in text.split(b"\n"))


def _fitting_pieces(source: bytes, line: _Line, length: int, left_out: list[Edit]) -> list[_Piece]:
    """Return the line in pieces of which none is too long, leaving out as few edits as needed."""
    edits = list(line.edits)
    while True:
        pieces = _pieces(source, line, edits)
        too_long = next((piece for piece in pieces if piece.width > length), None)
        if too_long is None:
            return pieces
        last = next(each for each in reversed(too_long.edits) if _growth(each.edit) > 0)
        edits.remove(last)
        left_out.append(last.edit)


def _pieces(source: bytes, line: _Line, edits: Sequence[Breakable]) -> list[_Piece]:
    gaps = [gap for breakable in edits for gap in _gaps(source, line, breakable)]
    pieces = []
    for before, after in pairwise([(line.start, line.start), *gaps, (line.end, line.end)]):
        inside = [each for each in edits if before[1] <= each.edit.start < after[0]]
        width = after[0] - before[1] + sum(_growth(edit) for edit, _ in inside)
        pieces.append(_Piece(before, width, inside))
    return pieces


def _growth(edit: Edit) -> int:
    return len(edit.replacement) - (edit.end - edit.start)


def _gaps(source: bytes, line: _Line, breakable: Breakable) -> Iterator[tuple[int, int]]:
    """Return the white space before and after an attribute, where it has some on its line."""
    if breakable.attribute is not None:
        start, end = breakable.attribute
        gap_start = line.start + len(source[line.start : start].rstrip(_BLANKS))
        if line.start < gap_start < start:
            yield gap_start, start
        gap_end = line.end - len(source[end : line.end].lstrip(_BLANKS))
        if end < gap_end < line.end:
            yield end, gap_end


def _breaks(pieces: Sequence[_Piece], limit: LineLimit) -> Iterator[Edit]:
    """Break as late as possible, which breaks least often."""
    column = pieces[0].width
    for (start, end), width, _ in pieces[1:]:
        column += end - start + width
        if column > limit.length:
            yield Edit(start, end, limit.eol)
            column = width
