"""Apply edits to bytes: the gaps between them are copied, never read."""

from collections.abc import Iterable

from rewriter.report import Edit


def apply_edits(original: bytes, edits: Iterable[Edit]) -> bytes:
    """Return `original` with the edits made; they are sorted and apart.

    The gaps are views, so a message is in memory twice and no more, however few its edits are.
    """
    source = memoryview(original)
    pieces: list[bytes | memoryview] = []
    position = 0
    for edit in edits:
        pieces += (source[position : edit.start], edit.replacement)
        position = edit.end
    pieces.append(source[position:])
    return b"".join(pieces)


def merge_touching(edits: Iterable[Edit]) -> list[Edit]:
    """Make one edit of those that have nothing between them."""
    merged: list[Edit] = []
    for edit in edits:
        if merged and merged[-1].end == edit.start:
            last = merged.pop()
            edit = Edit(last.start, edit.end, last.replacement + edit.replacement)
        merged.append(edit)
    return merged
