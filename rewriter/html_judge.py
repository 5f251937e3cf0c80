"""Which links exist: selectolax (Lexbor), a parser that shares no code with the source of positions."""

from collections.abc import Callable

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, LexborNode

# Without mutation events: they copy the selected <option> into <selectedcontent>, in quadratic time.
_OPTIONS = LexborDocumentOptions.WO_EVENTS.value

_Select = Callable[[LexborHTMLParser], list[LexborNode]]


def link_hrefs(view: str) -> list[str]:
    """Return the href of each `a` and `area`, sorted, the empty ones left out."""
    # In a third of the time that `css` takes.
    return _hrefs(view, lambda parser: [*parser.tags("a"), *parser.tags("area")])


def all_hrefs(view: str) -> list[str]:
    """Return the href of each element that has one, sorted, the empty ones left out."""
    return _hrefs(view, lambda parser: parser.css("[href]"))


def _hrefs(view: str, select: _Select) -> list[str]:
    """Parse the bytes of the part, which saves a quarter of the time.

    Lexbor takes them for UTF-8, which they need not be: values beyond ASCII are read from the view.
    """
    hrefs = _parsed(view.encode("latin-1"), select)
    return sorted(hrefs if all(map(str.isascii, hrefs)) else _parsed(view, select))


def _parsed(html: str | bytes, select: _Select) -> list[str]:
    nodes = select(LexborHTMLParser(html, options=_OPTIONS))
    return [href for node in nodes if (href := node.attrs.get("href"))]
