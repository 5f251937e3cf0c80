"""HTML in Outlook's conditional comments, `<!--[if mso]>…<![endif]-->`, which every other parser skips."""

import re
from collections import Counter
from typing import NamedTuple

from turbohtml import Comment, Document, NodeFilter, NodeIterator

from rewriter import html_positions
from rewriter.html_page import agree
from rewriter.html_positions import SourceLink
from rewriter.policy import Limits
from rewriter.report import Reason

_OPENING = "<!--["
_CLOSING = re.compile(r"--!?>")
_CONDITIONAL = re.compile(r"\[if[\t\n\f (!][^\]>]*+\]>(?P<body>.*)<!\[endif\]", re.IGNORECASE | re.DOTALL)
_HREF = re.compile(r"href", re.IGNORECASE)


class UnclearComment(NamedTuple):
    """A conditional comment about whose links nobody can be sure."""

    start: int
    line: int


class _Candidate(NamedTuple):
    """What looks like a conditional comment with a link in it."""

    start: int
    data: str  # as a parser shows it
    body_start: int
    body: str


def links_for_outlook(view: str, document: Document, limits: Limits) -> list[SourceLink | UnclearComment]:
    """Return the links in conditional comments, in order: `a`, `area`, and VML's `v:*`.

    Bodies are parsed one by one by both engines; most are fragments such as `<table><tr><td>`.
    """
    found: list[SourceLink | UnclearComment] = []
    candidates = _candidates(view, limits)
    if candidates:
        real = _real_ones(document, candidates)
        line, counted = 1, 0
        for candidate in candidates:
            line += view.count("\n", counted, candidate.body_start)
            counted = candidate.body_start
            if candidate.data in real:
                found += _links_in(candidate, line, limits)
            else:
                found.append(UnclearComment(candidate.start, line))
    return found


def comments(document: Document) -> list[str]:
    """Return the text of every comment, in the order of the tree."""
    return [
        comment.data
        for comment in NodeIterator(document, NodeFilter.SHOW_COMMENT)
        if isinstance(comment, Comment)
    ]


def _candidates(view: str, limits: Limits) -> list[_Candidate]:
    candidates: list[_Candidate] = []
    start = view.find(_OPENING)
    while start >= 0 and len(candidates) < limits.links:
        data_start = start + len("<!--")
        closing = _CLOSING.search(view, data_start)
        if closing is None:
            break
        conditional = _CONDITIONAL.fullmatch(view, data_start, closing.start())
        if conditional and _HREF.search(conditional["body"]):
            data = conditional[0].replace("\0", "\ufffd")
            candidates.append(_Candidate(start, data, conditional.start("body"), conditional["body"]))
        start = view.find(_OPENING, closing.end())
    return candidates


def _real_ones(document: Document, candidates: list[_Candidate]) -> frozenset[str]:
    """Return the texts of which the tree has as many comments as the source has candidates.

    The tree does not say where a comment stood. As long as each candidate has its comment, none of them is
    part of a script, a style, a text area, a value or another comment.
    """
    in_tree = Counter(comments(document))
    in_source = Counter(candidate.data for candidate in candidates)
    return frozenset(data for data, count in in_source.items() if in_tree[data] == count)


def _links_in(candidate: _Candidate, line: int, limits: Limits) -> list[SourceLink | UnclearComment]:
    page = agree(candidate.body, limits, html_positions.LINKS_FOR_OUTLOOK)
    if isinstance(page, Reason):
        return [UnclearComment(candidate.start, line)]
    clickable = [
        element for element in page.links if element.tag in ("a", "area") or element.tag.startswith("v:")
    ]
    return [*html_positions.locate(clickable, candidate.body_start, line)]
