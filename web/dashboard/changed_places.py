"""The places of a message that the rewriter changes, with a little of what stands around them. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from rewriter.report import Edit

AROUND: Final = 60
"""Octets before and behind a change, within its line."""

LONGEST: Final = 600
"""Octets that are shown of what was and of what is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One change. All texts are as the message has them, encoded; what is no UTF-8 as `\\xe4`."""

    line: int  # of the message, from 1
    before: str
    old: str
    new: str
    behind: str


def places(original: bytes, edits: Sequence[Edit], most: int) -> Iterator[Place]:
    """Yield the first `most`, in their order; the time is linear in the message."""
    line, counted = 1, 0
    for edit in islice(sorted(edits), most):
        line += original.count(b"\n", counted, edit.start)
        counted = edit.start
        before = original[max(0, edit.start - AROUND) : edit.start]
        behind = original[edit.end : edit.end + AROUND]
        yield Place(
            line=line,
            before=_text(before.rpartition(b"\n")[2]),
            old=_text(_cut(original[edit.start : edit.end])),
            new=_text(_cut(edit.replacement)),
            behind=_text(behind.partition(b"\r\n")[0]),
        )


def _cut(octets: bytes) -> bytes:
    return octets if len(octets) <= LONGEST else octets[:LONGEST] + " …".encode()


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "backslashreplace")
