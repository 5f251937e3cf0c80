import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("jinja2", reason="jinja2 is not installed")

from rewriter.report import Edit
from web.dashboard.changed_places import LONGEST, Place, places


def test_a_place_has_its_line_and_what_stands_around_it() -> None:
    original = b'Subject: x\r\n\r\n<a href="https://a.example/">\xc3\xa4\xe4</a>\r\nend\r\n'
    at = original.index(b"https")
    edit = Edit(at, at + len(b"https://a.example/"), b"https://t.example/c/1")
    pixel = Edit(len(original) - 5, len(original) - 5, b"<img>")
    assert list(places(original, (pixel, edit), 9)) == [
        Place(
            line=3,
            before='<a href="',
            old="https://a.example/",
            new="https://t.example/c/1",
            behind='">ä\\xe4</a>',
        ),
        Place(line=4, before="", old="", new="<img>", behind="end"),
    ]
    assert len(list(places(original, (pixel, edit), 1))) == 1


def test_what_is_long_is_cut() -> None:
    [place] = places(b"x" * 5000, (Edit(1000, 3000, b"y" * 3000),), 9)
    assert (len(place.before), len(place.behind)) == (60, 60)
    assert place.old == "x" * LONGEST + " …"
    assert place.new == "y" * LONGEST + " …"


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=8))
def test_any_octets_can_be_shown(original: bytes, cuts: list[int]) -> None:
    bounds = sorted(min(cut, len(original)) for cut in cuts)
    edits = [Edit(start, end, b"\xff\n") for start, end in zip(bounds[::2], bounds[1::2], strict=False)]
    found = list(places(original, edits, 100))
    assert len(found) == len(edits)
    for place, edit in zip(found, sorted(edits), strict=True):
        assert place.line == original.count(b"\n", 0, edit.start) + 1
        "".join((place.before, place.old, place.new, place.behind)).encode()
