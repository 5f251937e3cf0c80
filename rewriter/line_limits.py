"""Edits in parts whose lines go out as they are: no line grows beyond 998 bytes (rule 17)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rewriter.part_edits import LineLimit
from rewriter.report import Edit

_BLANKS = b" \t"
# No line of 998 bytes holds more links. Values that go over line endings can chain any number of lines, and
# for each edit left out a line is looked at once more.
_MOST_IN_LINE = 128


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
    lines = [*_lines(source, edits)][::-1]
    while lines:
        line = lines.pop()
        if line.end - line.start + sum(map(_growth, line.edits)) <= limit.length:
            fitted.edits.extend(breakable.edit for breakable in line.edits)
            continue
        pieces = _pieces(source, line)
        surplus = _surplus(source, line, pieces, limit)
        if surplus:
            fitted.left_out.extend(breakable.edit for breakable in surplus)
            lines += [*_lines(source, (each for each in line.edits if each not in surplus))][::-1]
        else:
            made = [breakable.edit for breakable in line.edits]
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


def _pieces(source: bytes, line: _Line) -> list[_Piece]:
    pieces: list[_Piece] = []
    gap, inside = (line.start, line.start), list[Breakable]()
    for breakable in line.edits:
        before, after = _gaps(source, line, breakable)
        if before:
            pieces.append(_piece(gap, before[0], inside))
            gap, inside = before, []
        inside.append(breakable)
        if after:
            pieces.append(_piece(gap, after[0], inside))
            gap, inside = after, []
    return [*pieces, _piece(gap, line.end, inside)]


def _piece(gap: tuple[int, int], end: int, edits: list[Breakable]) -> _Piece:
    return _Piece(gap, end - gap[1] + sum(_growth(breakable) for breakable in edits), edits)


def _growth(breakable: Breakable) -> int:
    start, end, replacement = breakable.edit.start, breakable.edit.end, breakable.edit.replacement
    return len(replacement) - (end - start)


def _gaps(
    source: bytes, line: _Line, breakable: Breakable
) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """Return the white space before and after an attribute, where it has some on its line."""
    if breakable.attribute is None:
        return None, None
    start, end = breakable.attribute
    before, after = start, end
    while before > line.start and source[before - 1] in _BLANKS:
        before -= 1
    while after < line.end and source[after] in _BLANKS:
        after += 1
    return (
        (before, start) if line.start < before < start else None,
        (end, after) if end < after < line.end else None,
    )


def _surplus(source: bytes, line: _Line, pieces: Sequence[_Piece], limit: LineLimit) -> list[Breakable]:
    """Return what must be left out of the line, or out of it first; nothing where it fits."""
    too_wide = next((piece for piece in pieces if piece.width > limit.length), None)
    if too_wide is None or _longest(source[line.start : line.end]) > limit.length:
        return []
    if len(line.edits) > _MOST_IN_LINE:
        return line.edits
    last_first = too_wide.edits[::-1]
    joining = [each for each in last_first if b"\n" in source[each.edit.start : each.edit.end]]
    return (joining or [each for each in last_first if _growth(each) > 0])[:1]


def _longest(text: bytes) -> int:
    return max(len(line.rstrip(b"\r")) for line in text.split(b"\n"))


def _breaks(pieces: Sequence[_Piece], limit: LineLimit) -> Iterator[Edit]:
    """Break as late as possible, which breaks least often."""
    if any(piece.width > limit.length for piece in pieces):
        return  # a line that was too long before
    column = pieces[0].width
    for (start, end), width, _ in pieces[1:]:
        column += end - start + width
        if column > limit.length:
            yield Edit(start, end, limit.eol)
            column = width
