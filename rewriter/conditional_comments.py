"""HTML in Outlook's conditional comments, `<!--[if mso]>…<![endif]-->`, which every other parser skips."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from rewriter import html_positions
from rewriter.html_complexity import is_too_complex
from rewriter.html_page import agree_for_outlook
from rewriter.html_positions import SourceLink
from rewriter.policy import Limits
from rewriter.report import Reason

_MOST_BODIES = 500  # each keeps a tree of its own in memory, 80 KB at least, until its links are edited

# HTML, section 13.2.5.43 and on: `<!-->` and `<!--->` are empty, and the end of the page ends a comment.
_COMMENT = re.compile(r"<!--(?!-?>)(?P<text>.*?)(?P<closing>--!?>|\Z)", re.DOTALL)
_MARK = "\ue000"  # not in a view: its characters are bytes
_CONDITIONAL = re.compile(
    r"\[if[\t\n\f (!][^\]>]*+\]>(?P<body>.*)<!\[endif\][\t\n\f -]*+", re.IGNORECASE | re.DOTALL
)
_HREF = re.compile(r"href", re.IGNORECASE)


class UnclearComment(NamedTuple):
    """A conditional comment about whose links nobody can be sure; `start` is that of its text."""

    start: int
    line: int


class _Candidate(NamedTuple):
    """What looks like a conditional comment with a link in it."""

    start: int  # of what stands between `<!--` and `-->`
    end: int
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
    if not any(map(_body_with_link, comments)):
        return found
    in_source = list(_COMMENT.finditer(view))
    candidates = _candidates(in_source)
    certain = len(candidates)
    if not _same([match["text"].replace("\0", "\ufffd") for match in in_source], comments):
        certain = _certain_by_trial(view, candidates, limits)
    line, counted = 1, 0
    for number, candidate in enumerate(candidates):
        line += view.count("\n", counted, candidate.body_start)
        counted = candidate.body_start
        if number < min(certain, _MOST_BODIES):
            found += _links_in(candidate, line, limits)
        else:
            found.append(UnclearComment(candidate.start, line))
    return found


def _body_with_link(comment: str) -> re.Match[str] | None:
    conditional = _CONDITIONAL.fullmatch(comment)
    return conditional if conditional and _HREF.search(conditional["body"]) else None


def _candidates(in_source: Sequence[re.Match[str]]) -> list[_Candidate]:
    candidates = []
    for match in in_source:
        conditional = _body_with_link(match["text"]) if match["closing"] else None
        if conditional:
            start, end = match.span("text")
            candidates.append(_Candidate(start, end, start + conditional.start("body"), conditional["body"]))
    return candidates


def _same(in_source: Sequence[str], in_tree: Sequence[str]) -> bool:
    """Tell whether all that look like comments are comments, and no part of a script, a style, a text area, a
    value, a tag or another comment.

    One that is none and hides one that is would be longer than that: the longest hidden has no equal.
    """
    # Those with a `>`: `<![if …]>` and its like are comments in the tree alone, and have none.
    return Counter(text for text in in_source if ">" in text) == Counter(
        text for text in in_tree if ">" in text
    )


def _certain_by_trial(view: str, candidates: Sequence[_Candidate], limits: Limits) -> int:
    """Return how many candidates, from the first, are comments: those are comments with any text.

    What is none may have held a quote or a tag, so that what comes after it is read in another way.
    """
    pieces: list[str] = []
    position = 0
    for number, candidate in enumerate(candidates):
        pieces += (view[position : candidate.start], f"{_MARK}{number}")
        position = candidate.end
    trial = "".join([*pieces, view[position:]])
    if is_too_complex(trial, limits):
        return 0
    marked = set(html_positions.comments(html_positions.parse(trial)))
    return next((n for n in range(len(candidates)) if f"{_MARK}{n}" not in marked), len(candidates))


def _links_in(candidate: _Candidate, line: int, limits: Limits) -> list[SourceLink | UnclearComment]:
    page = agree_for_outlook(candidate.body, limits)
    if isinstance(page, Reason):
        return [UnclearComment(candidate.start, line)]
    clickable = [
        element for element in page.links if element.tag in ("a", "area") or element.tag.startswith("v:")
    ]
    return [*html_positions.locate(clickable, candidate.body_start, line)]
