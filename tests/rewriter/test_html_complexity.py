"""Every shape here makes one of the engines take quadratic time, or memory, when it is only large enough."""

from collections.abc import Callable

import pytest

from rewriter.html_complexity import is_too_complex
from rewriter.html_page import Page, agree
from rewriter.policy import Limits
from rewriter.report import Reason

LIMITS = Limits()


def repeated(pattern: str, size: int) -> str:
    """Fill in the number of each repetition for N."""
    return "".join(pattern.replace("N", str(number)) for number in range(size))


HOSTILE: dict[str, Callable[[int], str]] = {
    "nesting": lambda size: "<div>" * size,
    "links that nest": lambda size: "<a href=x><div>" * size,
    "nesting closed wrongly": lambda size: "<div></x>" * size,
    "attributes": lambda size: "<p" + repeated(" aN", size) + ">",
    "attributes that hold tags": lambda size: "<p" + repeated(" aN='<>'", size) + ">",
    "attributes added to body": lambda size: repeated("<body aN>", size),
    "formatting opened anew": lambda size: "<p>" + repeated("<b aN>", size) + "<p>x" * size,
    "formatting with quotes": lambda size: "<p>" + repeated("<b a='>N'>", size) + "<p>x" * size,
    "adoption": lambda size: "<b>" * size + "<div>" * size + "</b>" * size,
}
HARMLESS: dict[str, Callable[[int], str]] = {
    "paragraphs": lambda size: "<p><b>x</b> <i>y</i>" * size,
    "rows": lambda size: "<table>" + "<tr><td><font color='#ffffff'>x</font>" * size,
    "links": lambda size: "<a href='https://e/'>x</a> " * size,
    "cells left open": lambda size: "<tr><td>" * size,
    "one long value": lambda size: "<p title='" + " a" * size + "'>",
    "equal attributes": lambda size: "<p" + " a" * size + ">",
}


@pytest.mark.parametrize("shape", HOSTILE)
@pytest.mark.parametrize("size", [2_000, 20_000])
def test_hostile_shapes_are_refused(shape: str, size: int) -> None:
    assert agree(HOSTILE[shape](size), LIMITS) is Reason.TOO_COMPLEX


@pytest.mark.parametrize("shape", HOSTILE)
def test_the_same_shapes_pass_while_they_are_small(shape: str) -> None:
    assert isinstance(agree(HOSTILE[shape](50), LIMITS), Page)


@pytest.mark.parametrize("shape", HARMLESS)
def test_large_pages_pass(shape: str) -> None:
    assert isinstance(agree(HARMLESS[shape](5_000), LIMITS), Page)


def test_depth_and_attributes_have_their_limits() -> None:
    limits = Limits(html_depth=200, attributes=3)
    assert isinstance(agree("<div>" * 90 + "<p a b c>", limits), Page)
    assert agree("<div>" * 200, limits) is Reason.TOO_COMPLEX
    assert agree("<p a b c d>", limits) is Reason.TOO_COMPLEX


def test_formatting_is_refused_before_any_parser_sees_it() -> None:
    assert is_too_complex(HOSTILE["formatting opened anew"](2_000), LIMITS)
    assert is_too_complex(HOSTILE["formatting with quotes"](2_000), LIMITS)
    assert not is_too_complex("<p><b class='x'>y</b>" * 20_000, LIMITS)


def test_unequal_formatting_counts_by_its_variety() -> None:
    various = "".join(f"<font color='#{n:06x}'>x</font>" for n in range(600))
    assert not is_too_complex(various, Limits(html_elements=700_000))
    assert is_too_complex(various * 4, Limits(html_elements=700_000))
