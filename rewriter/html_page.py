"""One piece of HTML on whose links both engines agree."""

from dataclasses import dataclass

from turbohtml import Document, Element

from rewriter import html_judge, html_positions
from rewriter.html_complexity import is_too_complex, is_too_tangled
from rewriter.policy import Limits
from rewriter.report import Reason


@dataclass(frozen=True, slots=True)
class Page:
    """The tree of `view`, and its links, copies made by the parser included."""

    view: str
    document: Document
    links: list[Element]


def agree(view: str, limits: Limits, selectors: tuple[str, ...] = html_positions.LINKS) -> Page | Reason:
    """Parse `view` with both engines, and return it where they find the same links, each as often."""
    if is_too_complex(view, limits):
        return Reason.TOO_COMPLEX
    document = html_positions.parse(view)
    if is_too_tangled(document.select("*"), limits):
        return Reason.TOO_COMPLEX
    links = html_positions.select(document, *selectors)
    if html_positions.hrefs(links) != html_judge.hrefs(view, *selectors):
        return Reason.ENGINES_DISAGREE
    return Page(view, document, links)
