"""One piece of HTML on whose links both engines agree."""

from collections.abc import Callable
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


def agree(view: str, limits: Limits) -> Page | Reason:
    """Parse `view` with both engines, and return it where they find the same links, each as often."""
    return _agree(view, limits, html_positions.links, html_judge.link_hrefs)


def agree_for_outlook(view: str, limits: Limits) -> Page | Reason:
    """Do the same with all elements that have an `href`: to Outlook some are links that are none in HTML."""
    return _agree(view, limits, html_positions.with_href, html_judge.all_hrefs)


def _agree(
    view: str,
    limits: Limits,
    select: Callable[[Document], list[Element]],
    judge: Callable[[str], list[str]],
) -> Page | Reason:
    if is_too_complex(view, limits):
        return Reason.TOO_COMPLEX
    document = html_positions.parse(view)
    if is_too_tangled(document, limits):
        return Reason.TOO_COMPLEX
    links = select(document)
    if html_positions.hrefs(links) != judge(view):
        return Reason.ENGINES_DISAGREE
    return Page(view, document, links)
