"""One attribute in the bytes of a tag: its value as text, and what to write in its place (rules 3 and 4)."""

import re

import turbohtml

_NAME_AND_SIGN = re.compile(r"[^\t\n\f =]++[\t\n\f ]*+=[\t\n\f ]*+")
_PLAIN = re.compile(r"[A-Za-z0-9:/._~?+,;%-]++(?<!/)")
# HTML standard, section 13.1.2.3. A slash before `>` is allowed, but looks like the end of an empty element.
_NEEDS_QUOTES = re.compile(r"[\t\n\f\r \"'=<>`]|/\Z|\A\Z")
_ESCAPES = str.maketrans({"&": "&amp;", '"': "&quot;", "'": "&#39;", "<": "&lt;", ">": "&gt;"})


def value_span(view: str, start: int, end: int) -> tuple[int, int]:
    """Return where the value of the attribute in `view[start:end]` stands, without its quotes.

    An attribute without a value has an empty one at its end.
    """
    sign = _NAME_AND_SIGN.match(view, start, end)
    if sign is None:
        return end, end
    if view.startswith(('"', "'"), sign.end(), end):
        return sign.end() + 1, end - 1
    return sign.end(), end


def read_value(parsed: str, source: bytes, view: str, span: tuple[int, int], codec: str) -> str | None:
    """Return the value of the attribute at `span` as text; None where `codec` cannot decode it.

    `parsed` is what the parser made of it, in the view's characters. Those are bytes of `codec` or come
    from character references, and beyond ASCII nothing tells which; so there the source is decoded first and
    its references after that.
    """
    if parsed.isascii():
        return parsed
    start, end = value_span(view, *span)
    try:
        text = source[start:end].decode(codec)
    except UnicodeDecodeError:
        return None
    return _resolve_references(text.replace("\0", "\ufffd"))  # as every parser does


def _resolve_references(text: str) -> str:
    if "&" not in text:
        return text
    quoted = text.replace('"', "&quot;")
    element = turbohtml.parse(f'<a href="{quoted}">').select_one("a")
    return (element and element.attr("href")) or ""


def new_value(url: str, *, quoted: bool) -> bytes:
    """Return `url`, which is ASCII, as the value of an attribute whose quotes, if it has them, stay."""
    if _PLAIN.fullmatch(url):
        return url.encode("ascii")
    text = url.translate(_ESCAPES)
    return (f'"{text}"' if not quoted and _NEEDS_QUOTES.search(text) else text).encode("ascii")
