"""The pages of the corpus, edited, and what an independent parser sees in them."""

import re
from collections.abc import Iterator
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from rewriter.charsets import looks_wide
from rewriter.policy import Policy, VisibleUrl
from tests.rewriter.parts import CORPUS, Edited, edited_html

PAGES = CORPUS / "html"
POLICY = Policy(visible_url=VisibleUrl.TRACK)
CONDITIONAL = re.compile(rb"<!--\[if[^>]*\]>(.*?)<!\[endif\]-->", re.DOTALL | re.IGNORECASE)
ABSOLUTE = re.compile(r"\s*https?://[^\s/]", re.IGNORECASE)  # with a host; templates hold `http://` for later
UNFILLED = re.compile(rb"(?i)\bhref=(\"|')(?:#|https?://|\{\{[^\"']*\}\}|)\1")
PLACEHOLDER = re.compile(r"\{\{|\{%|\*\||\[\[|<%|\$\{|%%\w+%%")


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
