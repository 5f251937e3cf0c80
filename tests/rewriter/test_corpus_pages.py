"""The pages of the corpus against both engines: what is found, what is tracked, and why the rest is not."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from rewriter.charsets import looks_wide
from rewriter.pixel import GMAIL_CLIPS_AT
from rewriter.policy import Policy, VisibleUrl
from rewriter.report import Reason
from tests.rewriter.fake_links import BASE
from tests.rewriter.parts import CORPUS, Edited, destination, edited_html

PAGES = CORPUS / "html"
pytestmark = pytest.mark.skipif(not PAGES.is_dir(), reason=f"no pages in {PAGES}")
POLICY = Policy(visible_url=VisibleUrl.TRACK)
CONDITIONAL = re.compile(rb"<!--\[if[^>]*\]>(.*?)<!\[endif\]-->", re.DOTALL | re.IGNORECASE)
ABSOLUTE = re.compile(r"\s*https?://[^\s/]", re.IGNORECASE)  # with a host; templates hold `http://` for later
UNFILLED = re.compile(rb"(?i)\bhref=(\"|')(?:#|https?://|\{\{[^\"']*\}\}|)\1")
PLACEHOLDER = re.compile(r"\{\{|\{%|\*\||\[\[|<%|\$\{|%%\w+%%")
NO_PIXEL = {"plaintext.html", "plaintext.out.html"}  # they end in <plaintext>


def pages() -> Iterator[tuple[Path, bytes, str]]:
    for path in sorted(PAGES.rglob("*.html")):
        html = path.read_bytes()
        if not looks_wide(html):
            try:
                html.decode()
                yield path, html, "utf-8"
            except UnicodeDecodeError:
                yield path, html, "windows-1252"


def seen_by_selectolax(html: bytes) -> Iterator[tuple[str, str]]:
    """Yield kind and URL of each eligible link: in the page, and in the bodies of conditional comments."""
    for piece in (html, *CONDITIONAL.findall(html)):
        for node in LexborHTMLParser(piece).css("[href]"):
            href = node.attributes["href"] or ""
            is_link = node.tag in ("a", "area") or str(node.tag).startswith("v:")
            if is_link and ABSOLUTE.match(href) and not PLACEHOLDER.search(href):
                kind = "link" if piece is html else f"conditional {node.tag}"
                yield kind, href.strip()


def filled(html: bytes) -> bytes:
    """Fill a template in: most of its links, and all of those for Outlook, have their URLs to come."""
    return UNFILLED.sub(rb"href=\1https://shop.example/?a=b&amp;c\1", html)


def edited_pages() -> Iterator[tuple[Path, bytes, Edited]]:
    for path, html, charset in pages():
        for page in (html, filled(html)):
            yield path, page, edited_html(page, POLICY, charset=charset)


def test_nearly_every_eligible_link_is_tracked(capsys: pytest.CaptureFixture[str]) -> None:
    documents, kinds, lost, reasons = 0, Counter[str](), list[str](), Counter[str]()
    for path, html, edited in edited_pages():
        documents += 1
        assert edited.part.reason is None, f"{path.name}: {edited.part.reason}"
        reasons.update(str(link.reason or "tracked") for link in edited.part.links)
        before, after = seen_by_selectolax(html), seen_by_selectolax(edited.output)
        for (kind, url), (_, now) in zip(before, after, strict=True):
            kinds[kind] += 1
            if not now.startswith(f"{BASE}/c/"):
                lost.append(f"{path.name}: {url}")
            else:
                assert destination(now) == url
    with capsys.disabled():
        print(f"\n{documents} pages, as they are and filled in; the engines agree on all of them")
        print(f"  eligible links: {dict(kinds)}, not tracked: {lost}")
        print("  all links: " + ", ".join(f"{reason} {times}" for reason, times in reasons.most_common()))
    assert documents > 400
    assert kinds["link"] > 1_500
    assert kinds["conditional v:rect"] + kinds["conditional v:roundrect"] > 120
    assert len(lost) <= 0.005 * kinds.total()


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
