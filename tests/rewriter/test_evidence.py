"""The figures of docs/rewriting-evidence.md are those of now, and as good as they must be."""

from pathlib import Path

import pytest

from tests.rewriter import evidence
from tests.rewriter.corpus_pages import PAGES

DOCUMENT = Path(__file__).parents[2] / "docs" / "rewriting-evidence.md"
pytestmark = pytest.mark.skipif(not PAGES.is_dir(), reason=f"no pages in {PAGES}")


def test_nearly_every_eligible_link_is_tracked() -> None:
    seen = evidence.page_links()
    assert seen.eligible["link"] > 1_500
    assert seen.vml > 120
    assert seen.share >= 99.5


def test_the_engines_agree_on_every_page_of_the_corpus() -> None:
    pages, _ = evidence.page_outcomes()
    assert pages["examined"] > 400
    assert pages.keys() == {"examined", "unsupported-charset"}


def test_the_document_has_the_figures() -> None:
    assert evidence.figures() in DOCUMENT.read_text("utf-8")
