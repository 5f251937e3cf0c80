"""Which links exist: selectolax (Lexbor), a parser that shares no code with the source of positions."""

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser

# Without mutation events: they copy the selected <option> into <selectedcontent>, in quadratic time.
_OPTIONS = LexborDocumentOptions.WO_EVENTS.value


def hrefs(view: str, *selectors: str) -> list[str]:
    """Return the href of each element that any of `selectors` finds, sorted, the empty ones left out."""
    nodes = LexborHTMLParser(view, options=_OPTIONS).css(",".join(selectors))
    return sorted(filter(None, [node.attrs.get("href") for node in nodes]))
