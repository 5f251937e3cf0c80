"""The tokenizer tests of html5lib against the source of positions."""

import json
from collections.abc import Iterator
from typing import Any

from rewriter import html_positions
from rewriter.attribute_values import value_span
from tests.rewriter.parts import CORPUS

FOLDER = CORPUS / "html5lib"


def cases() -> Iterator[dict[str, Any]]:
    """Yield the tests of the tokenizer's ordinary state."""
    for path in sorted(FOLDER.glob("*.test")):
        for case in json.loads(path.read_text("utf-8")).get("tests", ()):
            if "initialStates" not in case and "doubleEscaped" not in case:
                yield case


def start_tag_cases() -> Iterator[tuple[str, list[tuple[str, dict[str, str]]]]]:
    """Yield input and expected start tags with their attributes."""
    for case in cases():
        if tags := [(token[1], token[2]) for token in case["output"] if token[0] == "StartTag"]:
            yield case["input"].replace("\r", "\t"), tags


def check_positions() -> tuple[int, int]:
    """Check that each start tag is found, and each attribute where its position says.

    Returns how many tests and attributes there were; raises AssertionError where one differs.
    """
    tests = attributes = 0
    for view, expected in start_tag_cases():
        tests += 1
        found = html_positions.parse(view).select("*")
        located = [(e, e.source_location.attrs) for e in found if e.source_location]
        assert [(e.tag, {name: e.attr(name) for name in spans}) for e, spans in located] == expected, view
        for element, spans in located:
            for name, span in spans.items():
                attributes += 1
                source = view[span.start_offset : span.end_offset]
                again = html_positions.parse(f"<a {source} >").select("a")[0]
                assert again.attr(name) == element.attr(name), view
                if not name.startswith("="):  # a name that no link attribute has
                    start, end = value_span(view, span.start_offset, span.end_offset)
                    assert (start == end) == (element.attr(name) == ""), view
    return tests, attributes
