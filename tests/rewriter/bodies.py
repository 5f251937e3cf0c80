"""Strategies for encoded bodies, and edits on them."""

from itertools import pairwise

from hypothesis import strategies as st

from rewriter.report import Edit
from rewriter.splice import apply_edits
from rewriter.transfer_encodings import open_body

BEFORE, AFTER = b"Header: x\r\n\r\n", b"\r\n--delimiter--\r\n"

replacements = st.binary(max_size=200) | st.text(alphabet='https://click.ex=?%<>" -._AF09', max_size=300).map(
    str.encode
)


@st.composite
def edits_on(draw: st.DrawFn, size: int) -> list[Edit]:
    """Draw edits on `size` bytes, sorted and apart."""
    cuts = sorted(draw(st.lists(st.integers(0, size), min_size=2, max_size=8)))
    spans = list(pairwise(cuts))[::2]
    return [Edit(start, end, draw(replacements)) for start, end in spans]


def spliced(encoded: bytes, encoding: str, edits: list[Edit]) -> tuple[bytes, bytes, bytes]:
    """Edit a body inside a message; return it decoded before, encoded after and decoded after.

    Proves that the bytes around it stay.
    """
    message = BEFORE + encoded + AFTER
    start, end = len(BEFORE), len(BEFORE) + len(encoded)
    body = open_body(message, start, end, encoding)
    changed = apply_edits(message, body.place(edits))
    assert changed.startswith(BEFORE)
    assert changed.endswith(AFTER)
    end = len(changed) - len(AFTER)
    return body.decoded, changed[start:end], open_body(changed, start, end, encoding).decoded
