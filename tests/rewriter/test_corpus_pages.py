"""The pages of the corpus, edited: see `tests/rewriter/evidence.py` for how many links are tracked."""

import re

import pytest

from rewriter.pixel import GMAIL_CLIPS_AT
from rewriter.report import Reason
from tests.rewriter.corpus_pages import ABSOLUTE, PAGES, POLICY, edited_pages
from tests.rewriter.fake_links import BASE
from tests.rewriter.parts import edited_html

pytestmark = pytest.mark.skipif(not PAGES.is_dir(), reason=f"no pages in {PAGES}")
NO_PIXEL = {"plaintext.html", "plaintext.out.html"}  # they end in <plaintext>


def test_a_second_time_changes_nothing() -> None:
    for path, _, edited in edited_pages():
        assert edited_html(edited.output, POLICY).output == edited.output, path.name


def test_the_pixel_goes_before_the_end_of_the_body() -> None:
    for path, html, edited in edited_pages():
        assert edited.part.pixel is not None
        if path.name in NO_PIXEL:
            assert edited.part.pixel.reason is Reason.NO_PLACE
            continue
        assert edited.part.pixel.reason is None
        if len(html) > GMAIL_CLIPS_AT:
            assert re.search(rb"<body[^>]*><img src", edited.output)
            continue
        after = edited.output.partition(f'<img src="{BASE}/o/'.encode())[2].partition(b">")[2]
        assert re.fullmatch(rb"(?is)\s*(</body>.*|</html>\s*)?", after), f"{path.name}: {after[:80]!r}"


def test_only_values_and_the_pixel_change() -> None:
    for path, html, edited in edited_pages():
        for edit in edited.part.edits:
            old = html[edit.start : edit.end].decode("latin-1")
            assert ABSOLUTE.match(old) or edit.replacement.startswith(b"<img "), f"{path.name}: {old}"
