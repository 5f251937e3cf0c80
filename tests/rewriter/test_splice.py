from hypothesis import given
from hypothesis import strategies as st

from rewriter.report import Edit
from rewriter.splice import apply_edits, merge_touching
from tests.rewriter.bodies import edits_on


def test_without_edits_gives_the_same_bytes() -> None:
    assert apply_edits(b"abc", []) == b"abc"


def test_replaces_inserts_and_removes() -> None:
    edits = [Edit(0, 0, b"<"), Edit(1, 2, b"BBB"), Edit(3, 4, b""), Edit(4, 4, b">")]
    assert apply_edits(b"abcd", edits) == b"<aBBBc>"


def test_merges_only_what_touches() -> None:
    edits = [Edit(0, 1, b"a"), Edit(1, 1, b"b"), Edit(1, 3, b"c"), Edit(4, 5, b"d")]
    assert merge_touching(edits) == [Edit(0, 3, b"abc"), Edit(4, 5, b"d")]


@given(st.data(), st.binary(max_size=50))
def test_merging_changes_nothing(data: st.DataObject, original: bytes) -> None:
    edits = data.draw(edits_on(len(original)))
    assert apply_edits(original, merge_touching(edits)) == apply_edits(original, edits)
