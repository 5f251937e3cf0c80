"""The open pixel: what it looks like, where it goes, whether it is there already (rules 22 and 23)."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from turbohtml import Document, SourceLocation

from rewriter import html_positions
from rewriter.attribute_values import new_value
from rewriter.link_table import LinkTable
from rewriter.part_edits import LineLimit
from rewriter.policy import PixelPlace

# Gmail shows no more of a message than this, and so no pixel at its end.
GMAIL_CLIPS_AT = 102_400

# `display:none` would be shorter, but spam filters score it.
_STYLE = b"display:block;width:1px;height:1px;border:0;margin:0;padding:0"
_OURS = 'img[src][width="1"][height="1"]'

_MARKER_TEXT = re.compile(r"[\t\n\f ]*+\{\{[\t\n\f ]*+waypost:pixel[\t\n\f ]*+\}\}[\t\n\f ]*+")
_MARKER = re.compile(rf"<!--{_MARKER_TEXT.pattern}-->")
_BODY_END = re.compile(r"</body(?=[\t\n\f />])", re.IGNORECASE)
_HTML_END = re.compile(r"</html(?=[\t\n\f />])", re.IGNORECASE)

# Written over end tags or markers for a trial parse. Where the parser then finds an image it had found markup
# before, no piece of a comment, a script or a value, and an image can stand there.
_PROBE = "<img x"
_PROBED = "img[x]"


class Spot(NamedTuple):
    """A place in a part."""

    offset: int
    line: int  # from 1


def is_present(document: Document, table: LinkTable) -> bool:
    """Tell whether the pixel of an earlier pass is there."""
    return any(table.is_tracked(image.attr("src") or "") for image in document.select(_OURS))


def place(
    view: str, document: Document, comments: Iterable[str], where: PixelPlace, size: int
) -> Spot | None:
    """Return where the pixel goes; None where there is no safe place.

    `size` is that of the page as it goes out, its links rewritten: that is what Gmail clips.
    A marker among the `comments` has the last word, and stays. What the source ends in matters only where the
    pixel would go to its end: before a real `</body>` nothing that comes later can swallow it.
    """
    if _may_have_frames(view, document):
        return None  # before them an image makes a body of the page, and without a body it is not shown
    top = where is PixelPlace.TOP or (where is PixelPlace.AUTO and size > GMAIL_CLIPS_AT)
    spot = _spot(view, document, comments, top=top)
    if spot and _may_be_foreign(document, spot) and not _changes_nothing_else(view, document, spot):
        return None
    return spot


def pixel_tag(url: str) -> bytes:
    """Return the image for `url`, one line of ASCII."""
    src = new_value(url, quoted=True)
    return b'<img src="%b" width="1" height="1" alt="" border="0" style="%b">' % (src, _STYLE)


def on_own_line(tag: bytes, source: bytes, offset: int, limit: LineLimit) -> bytes:
    """Return the tag with the line endings that keep it off the lines around."""
    before = b"" if source[:offset].endswith(b"\n") or offset == 0 else limit.eol
    after = b"" if source.startswith((b"\n", b"\r\n"), offset) or offset == len(source) else limit.eol
    return before + tag + after


def _may_have_frames(view: str, document: Document) -> bool:
    """Tell whether some parser sees frames: text in a template rules them out for turbohtml, not Lexbor."""
    if document.find("frameset") is not None:
        return True
    return document.find("template") is not None and "<frameset" in view.lower()


def _spot(view: str, document: Document, comments: Iterable[str], *, top: bool) -> Spot | None:
    if any(_MARKER_TEXT.fullmatch(comment) for comment in comments) and (marker := _first_marker(view)):
        return marker
    body = _location(document, "body")
    if top and body:
        return Spot(body.start_tag.end_offset, body.start_tag.end_line)
    return (
        _last_end_tag(view, body, _BODY_END)
        or _last_end_tag(view, _location(document, "html"), _HTML_END)
        or _end(view)
    )


def _location(document: Document, name: str) -> SourceLocation | None:
    element = document.find(name)
    return element.source_location if element else None


def _first_marker(view: str) -> Spot | None:
    spots = list(_images(_MARKER.sub(lambda marker: f"{_PROBE}>".ljust(len(marker[0])), view)))
    return next((spot for spot in reversed(spots) if view.startswith("<!--", spot.offset)), None)


def _last_end_tag(view: str, element: SourceLocation | None, pattern: re.Pattern[str]) -> Spot | None:
    """Return where the last end tag stands that is one; the tree knows the first."""
    first = element.end_tag if element else None
    if not pattern.search(view, first.start_offset + 1 if first else 0):
        return Spot(first.start_offset, first.start_line) if first else None
    spots = _images(pattern.sub(_PROBE, view))
    return next((spot for spot in spots if view.startswith("</", spot.offset)), None)


def _end(view: str) -> Spot | None:
    end = len(view.rstrip("\t\n\f "))
    if end == 0:
        return None  # an empty page: nobody sees anything, and the last line would lose its line ending
    spots = _images(f"{view[:end]}{_PROBE}>{view[end:]}")
    return next((spot for spot in spots if spot.offset == end), None)


def _may_be_foreign(document: Document, spot: Spot) -> bool:
    """Tell whether the spot may be inside SVG or MathML."""
    locations = (node.source_location for name in ("svg", "math") for node in document.select(name))
    return any(
        location.start_tag.start_offset < spot.offset
        and (location.end_tag is None or location.end_tag.start_offset >= spot.offset)
        for location in locations
        if location
    )


def _changes_nothing_else(view: str, document: Document, spot: Spot) -> bool:
    """Tell whether an image leaves all else as it is. It ends SVG and MathML, and their CDATA with them."""
    probed = html_positions.parse(f"{view[: spot.offset]}{_PROBE}>{view[spot.offset :]}")
    is_one_more = len(probed.select("*")) == len(document.select("*")) + 1
    return is_one_more and probed.text == document.text


def _images(view: str) -> Iterator[Spot]:
    """Yield the places of all probes that a parser takes for images, the last first."""
    for image in reversed(html_positions.outside_templates(html_positions.parse(view).select(_PROBED))):
        if location := image.source_location:
            yield Spot(location.start_tag.start_offset, location.start_tag.start_line)
