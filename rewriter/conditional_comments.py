"""HTML in Outlook's conditional comments, `<!--[if mso]>…<![endif]-->`, which every other parser skips."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from rewriter import html_positions
from rewriter.html_page import agree_for_outlook
from rewriter.html_positions import SourceLink
from rewriter.policy import Limits
from rewriter.report import Reason

_MOST_BODIES = 500  # each keeps a tree of its own in memory, 80 KB at least, until its links are edited

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


def links_for_outlook(
    view: str, comments: Sequence[str], limits: Limits
) -> list[SourceLink | UnclearComment]:
    """Return the links in conditional comments, in order: `a`, `area`, and VML's `v:*`.

    `comments` are the texts of all comments in `view`. The bodies are parsed one by one by both engines; most
    are fragments such as `<table><tr><td>`.
    """
    found: list[SourceLink | UnclearComment] = []
    with_link = [comment for comment in comments if _body_with_link(comment)]
    if not with_link:
        return found
    candidates = _candidates(view)
    # As long as there is a comment for each candidate, none is part of a script, a style, a text area, a
    # value or another comment. All or nothing: where one is what a reader sees, and the same as a comment,
    # they differ once its links are edited, and rewriting again would find more than the first time.
    certain = Counter(with_link) == Counter(candidate.data for candidate in candidates)
    line, counted = 1, 0
    for number, candidate in enumerate(candidates):
        line += view.count("\n", counted, candidate.body_start)
        counted = candidate.body_start
        if certain and number < _MOST_BODIES:
            found += _links_in(candidate, line, limits)
        else:
            found.append(UnclearComment(candidate.start, line))
    return found


def _body_with_link(comment: str) -> re.Match[str] | None:
    conditional = _CONDITIONAL.fullmatch(comment)
    return conditional if conditional and _HREF.search(conditional["body"]) else None


def _candidates(view: str) -> list[_Candidate]:
    candidates: list[_Candidate] = []
    start = view.find(_OPENING)
    while start >= 0:
        data_start = start + len("<!--")
        closing = _CLOSING.search(view, data_start)
        if closing is None:
            break
        comment = view[data_start : closing.start()]
        if conditional := _body_with_link(comment):
            body_start = data_start + conditional.start("body")
            candidates.append(
                _Candidate(start, comment.replace("\0", "\ufffd"), body_start, conditional["body"])
            )
        start = view.find(_OPENING, closing.end())
    return candidates


def _links_in(candidate: _Candidate, line: int, limits: Limits) -> list[SourceLink | UnclearComment]:
    page = agree_for_outlook(candidate.body, limits)
    if isinstance(page, Reason):
        return [UnclearComment(candidate.start, line)]
    clickable = [
        element for element in page.links if element.tag in ("a", "area") or element.tag.startswith("v:")
    ]
    return [*html_positions.locate(clickable, candidate.body_start, line)]
