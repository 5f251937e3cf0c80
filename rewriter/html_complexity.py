"""What is refused before a parser can be made to work for long, or to fill the memory."""

import re
from collections.abc import Sequence
from functools import lru_cache

from turbohtml import Document, XPath

from rewriter.html_positions import DEEPEST
from rewriter.policy import Limits


def _either_case(names: Sequence[str]) -> str:
    """Return a pattern for these tags in upper or lower case: IGNORECASE takes many times as long."""
    firsts = "".join(sorted({letter for name in names for letter in (name[0].upper(), name[0])}))
    spelled = ("".join(f"[{letter.upper()}{letter}]" for letter in name) for name in names)
    return f"<(?=[{firsts}])(?:{'|'.join(spelled)})"


# Elements that a parser opens anew in each block until they are closed ("active formatting elements"); `a` is
# not among them since an `a` closes the one before.
_NAMES = ("b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u")
_FORMATTING = re.compile(_either_case(_NAMES) + r"(?=[\t\n\f />])")
# Of a form in which equal text means equal attributes, whatever stands around it.
_ATTRIBUTE = r"[\t\n\f ]++[A-Za-z:_-]++(?>(?:=(?:\"[^\"<>]*+\"|'[^'<>]*+'|[A-Za-z0-9#+_-]++))?)"
_PLAIN = re.compile(rf"{_either_case(_NAMES)}(?>(?:{_ATTRIBUTE})*)[\t\n\f ]*+/?>")
_EQUAL_ONES_KEPT = 3  # the "Noah's Ark clause" of the HTML standard, section 13.2.4.3

# Tags that add their attributes to an element which is there: turbohtml takes more than quadratic time.
_MERGED = re.compile(_either_case(("body", "html")) + r"(?=[\t\n\f />])")

# All of both that have attributes.
_SUSPECT = re.compile(_either_case((*_NAMES, "body", "html")) + r"[\t\n\f /]")


def is_too_complex(view: str, limits: Limits) -> bool:
    """Tell whether a parse of `view` could make more than `limits.html_elements` elements.

    `<p><b 1><b 2>…` followed by many `<p>` makes each `<b>` anew in each `<p>`: 26 KB of it become a million
    elements and 1.5 GB. The bound: no tag opens more elements anew than there are formatting tags that
    differ, three times each, and turbohtml nests no deeper than 512.
    """
    tags = view.count("<")
    # Each copy needs a formatting tag to copy and another tag that closes the one before.
    most_formatting = min(tags // 2, DEEPEST)
    if (tags - most_formatting) * most_formatting <= limits.html_elements:
        return False
    suspects = len(_SUSPECT.findall(view))
    if suspects <= limits.attributes and _most_elements(tags, len(_NAMES) + suspects) <= limits.html_elements:
        return False
    if len(_MERGED.findall(view)) > limits.attributes:
        return True
    plain = _PLAIN.findall(view)
    others = len(_FORMATTING.findall(view)) - len(plain)
    return _most_elements(tags, len(set(plain)) + others) > limits.html_elements


def _most_elements(tags: int, differing: int) -> int:
    return tags * min(_EQUAL_ONES_KEPT * differing + 1, DEEPEST)


def is_too_tangled(document: Document, limits: Limits) -> bool:
    """Tell whether a tree is too large, too deep or has too many attributes: Lexbor is quadratic in these."""
    return bool(_tangled(limits.html_elements, limits.html_depth, limits.attributes)(document))


@lru_cache(maxsize=100)
def _tangled(elements: int, depth: int, attributes: int) -> XPath:
    """Return the question as one expression: Python would have to take each element into its hands."""
    too_deep = f"count(//*) > {depth} and {'/*' * (depth + 1)}"
    return XPath(f"count(//*) > {elements} or /descendant::*/@*[{attributes + 1}] or ({too_deep})")
