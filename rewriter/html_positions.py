"""Where links stand in HTML: turbohtml's tree, with the place of each attribute in the bytes of the part."""

from collections.abc import Iterable
from typing import NamedTuple

import turbohtml
from turbohtml import Comment, Document, Element, NodeFilter, NodeIterator, SourceSpan

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# turbohtml puts deeper elements beside each other, so beyond it the tree says nothing.
DEEPEST = 512


class SourceLink(NamedTuple):
    """A link with the place of its parts. Offsets are those of the part's bytes."""

    element: Element
    href: str  # decoded by the attribute rules, in the view's characters
    start: int  # of the href attribute, name and value
    end: int
    line: int  # from 1
    attributes: dict[str, SourceSpan]  # lower-case names; spans count from `base`
    base: int  # where the parsed view begins in the part


def view_of(source: bytes) -> str:
    """Return the part as the engines see it: one character for each byte, a tab in the place of each CR.

    A parser would take CR LF for one character, and offsets would no longer be those of the bytes. To markup
    a tab is the same white space, and URLs drop it as they drop line endings. Tabs stand for a byte order
    mark, too: it is no text, which would begin the body in front of `<html>`.
    """
    if source.startswith(_BYTE_ORDER_MARK):
        source = source.replace(_BYTE_ORDER_MARK, b"\t\t\t", 1)
    return source.replace(b"\r", b"\t").decode("latin-1")


def parse(view: str) -> Document:
    """Parse as a mail client does: no scripts, and no shadow trees from markup."""
    return turbohtml.parse(view, source_locations=True, allow_declarative_shadow_roots=False)


def links(document: Document) -> list[Element]:
    """Return every `a` and `area` with an `href`."""
    # One by one: turbohtml answers each from an index of tags, but walks the whole tree for both together.
    found = [*document.select("a[href]"), *document.select("area[href]")]
    return outside_templates(found) if document.select("template") else found


def with_href(document: Document) -> list[Element]:
    """Return every element with an `href`."""
    return outside_templates(document.select("[href]"))


def outside_templates(elements: Iterable[Element]) -> list[Element]:
    """Return the elements without those in templates, whose content no reader sees."""
    return [element for element in elements if element.closest("template") is None]


def comments(document: Document) -> list[str]:
    """Return the text of every comment. The tree does not say where one stood."""
    nodes = NodeIterator(document, NodeFilter.SHOW_COMMENT)
    return [node.data for node in nodes if isinstance(node, Comment)]


def hrefs(elements: Iterable[Element]) -> list[str]:
    """Return the values of all that are not empty, sorted: what the other engine must find as well."""
    return sorted(filter(None, [element.attr("href") for element in elements]))


def locate(elements: Iterable[Element], base: int = 0, line: int = 1) -> list[SourceLink]:
    """Return where each element stands, in a view that begins at `base` on `line` of the part.

    The copies that a parser makes of a link left open have no place of their own.
    """
    links = []
    for element in elements:
        location = element.source_location
        if location is not None:
            span = location.attrs["href"]
            start, end = base + span.start_offset, base + span.end_offset
            href = element.attr("href") or ""
            where = line + span.start_line - 1
            links.append(SourceLink(element, href, start, end, where, location.attrs, base))
    return links
