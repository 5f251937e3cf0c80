"""The open pixel: what it looks like, where it goes, whether it is there already (rules 22 and 23)."""

import re
from collections.abc import Iterator

from turbohtml import Document

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

_WHITE_SPACE = "[\t\n\f ]*+"
_MARKER = re.compile(
    rf"<!--{_WHITE_SPACE}\{{\{{{_WHITE_SPACE}waypost:pixel{_WHITE_SPACE}\}}\}}{_WHITE_SPACE}-->"
)
_END_TAGS = [re.compile(rf"</{name}(?=[\t\n\f />])", re.IGNORECASE) for name in ("body", "html")]

# Written over an end tag or a marker for a trial parse. Where the parser then finds an image, it had found
# markup before, no part of a comment, a script or a value, and an image can stand there.
_PROBE = "<img x"
_PROBED = "img[x]"


def is_present(document: Document, table: LinkTable) -> bool:
    """Tell whether the pixel of an earlier pass is there."""
    return any(table.is_tracked(image.attr("src") or "") for image in document.select(_OURS))


def place(view: str, document: Document, where: PixelPlace) -> int | None:
    """Return the offset at which the pixel goes; None where there is no safe place.

    A marker comment has the last word, and stays. What the source ends in matters only where the pixel would
    go to its end: before a real `</body>` nothing that comes later can swallow it.
    """
    marker = _MARKER.search(view)
    if marker and _is_marker_real(view, marker):
        return marker.start()
    top = where is PixelPlace.TOP or (where is PixelPlace.AUTO and len(view) > GMAIL_CLIPS_AT)
    body = document.find("body")
    location = body.source_location if body else None
    if top and location:
        return location.start_tag.end_offset
    for end_tag, name in zip(_END_TAGS, ("body", "html"), strict=True):
        position = _last_end_tag(view, document, name, end_tag)
        if position is not None:
            return position
    return _end(view)


def pixel_tag(url: str) -> bytes:
    """Return the image for `url`, one line of ASCII."""
    src = new_value(url, quoted=True)
    return b'<img src="%b" width="1" height="1" alt="" border="0" style="%b">' % (src, _STYLE)


def on_own_line(tag: bytes, source: bytes, position: int, limit: LineLimit) -> bytes:
    """Return the tag with the line endings that keep it off the lines around."""
    before = b"" if position == 0 or source[position - 1 : position] == b"\n" else limit.eol
    after = b"" if source[position : position + 2].lstrip(b"\r")[:1] in (b"\n", b"") else limit.eol
    return before + tag + after


def _is_marker_real(view: str, marker: re.Match[str]) -> bool:
    probe = f"{_PROBE}>".ljust(len(marker[0]))
    return marker.start() in _images(view[: marker.start()] + probe + view[marker.end() :])


def _last_end_tag(view: str, document: Document, name: str, pattern: re.Pattern[str]) -> int | None:
    """Return where the last end tag stands that is one; the tree knows the first."""
    element = document.find(name)
    location = element.source_location if element else None
    first = location.end_tag.start_offset if location and location.end_tag else None
    if not pattern.search(view, 0 if first is None else first + 1):
        return first
    images = _images(pattern.sub(_PROBE, view))
    return next((offset for offset in images if view.startswith("</", offset)), first)


def _end(view: str) -> int | None:
    end = len(view.rstrip("\t\n\f "))
    return end if end in _images(f"{view[:end]}{_PROBE}>{view[end:]}") else None


def _images(view: str) -> Iterator[int]:
    """Yield the offsets of all probes that a parser takes for images, the last first."""
    for image in reversed(html_positions.select(html_positions.parse(view), _PROBED)):
        if location := image.source_location:
            yield location.start_tag.start_offset
