"""Where links stand in HTML: turbohtml's tree, with the place of each attribute in the bytes of the part."""

from collections.abc import Iterable
from typing import NamedTuple

import turbohtml
from turbohtml import Document, Element, SourceSpan

LINKS = "a[href],area[href]"
LINKS_FOR_OUTLOOK = "[href]"  # CSS has no pattern for `v:*`; the caller sorts them out by name

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
    """Return the part as the engines see it: one character for each byte, no carriage returns.

    A tab in the place of a CR keeps both offsets and lines as they are: the parser would take a CR LF for one
    character, and two line feeds for two lines. URLs drop tabs as they drop line endings.
    """
    return source.replace(b"\r\n", b"\t\n").replace(b"\r", b"\n").decode("latin-1")


def parse(view: str) -> Document:
    """Parse as a mail client does: no scripts, and no shadow trees from markup."""
    return turbohtml.parse(view, source_locations=True, allow_declarative_shadow_roots=False)


def select(document: Document, selector: str) -> list[Element]:
    """Return the elements that `selector` finds outside templates, whose content no reader sees."""
    elements = document.select(selector)
    if elements and document.find("template") is not None:
        return [element for element in elements if element.closest("template") is None]
    return elements


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
