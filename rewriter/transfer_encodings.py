"""From the encoded body of a part to its decoded bytes, and edits on those back to the encoded bytes."""

from collections.abc import Sequence
from typing import Protocol

from rewriter.base64_body import Base64Body
from rewriter.left_alone import LeftAlone
from rewriter.quoted_printable import QuotedPrintableBody
from rewriter.report import Edit, Reason

# RFC 2045 section 6.2: in these the body stands as it is.
IDENTITY = frozenset({"7bit", "8bit", "binary"})
ENCODINGS = IDENTITY | {"quoted-printable", "base64"}


class Body(Protocol):
    """The body of one part."""

    @property
    def decoded(self) -> bytes:
        """The bytes without the transfer encoding."""

    def place(self, edits: Sequence[Edit]) -> list[Edit]:
        """Turn edits on `decoded` into edits on the message, both sorted and apart.

        Decoding the edited message gives exactly the edited `decoded`. Raises `LeftAlone` where that, or
        that programs agree on what the encoded bytes mean, cannot be promised.
        """


class PlainBody:
    """A body without a transfer encoding (rule 17)."""

    def __init__(self, message: bytes, start: int, end: int) -> None:
        self._start = start
        self.decoded = message[start:end]

    def place(self, edits: Sequence[Edit]) -> list[Edit]:
        """Shift the edits; a line break that might make a delimiter of the text beside it is refused."""
        if any(self._makes_delimiter(edit) for edit in edits):
            raise LeftAlone(Reason.LINE_TOO_LONG)
        return [Edit(edit.start + self._start, edit.end + self._start, edit.replacement) for edit in edits]

    def _makes_delimiter(self, edit: Edit) -> bool:
        if b"\n" not in edit.replacement:
            return False
        line = self.decoded.rfind(b"\n", 0, edit.start) + 1
        before, after = self.decoded[line : line + 2], self.decoded[edit.end : edit.end + 2]
        return before == b"--" or (after == b"--" and edit.replacement.endswith(b"\n"))


def open_body(message: bytes, start: int, end: int, encoding: str) -> Body:
    """Decode `message[start:end]`. Raises `LeftAlone` where its bytes do not follow the encoding."""
    if encoding == "base64":
        return Base64Body(message, start, end)
    if encoding == "quoted-printable":
        return QuotedPrintableBody(message, start, end)
    return PlainBody(message, start, end)


def least_decoded_size(size: int, encoding: str) -> int:
    """Return how small a body of `size` encoded bytes can usually get, to judge it before decoding."""
    if encoding in IDENTITY:
        return size
    return size // 3 if encoding == "quoted-printable" else size // 2
