"""The colours of the dashboard can be told apart: WCAG 2.2, 1.4.3 (text) and 1.4.11 (edges of controls)."""

import re
from importlib.resources import files

import pytest

STYLE = (files("web.dashboard") / "static" / "style.css").read_text()
COLOUR = re.compile(r"--([\w-]+): (#[0-9a-f]{6});")
LIGHT, DARK = (dict(COLOUR.findall(block)) for block in re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL))
BACKS = ("back", "raised")
STATES = ("good", "waiting", "bad", "none")
TEXTS = [
    *((text, back) for text in ("text", "quiet", "link") for back in BACKS),
    ("on-main", "main"),
    *((state, f"{state}-back") for state in STATES),
    *((text, f"{state}-back") for text in ("link", "text") for state in STATES),
]
EDGES = [("edge", back) for back in BACKS] + [("line-1", "back"), ("line-2", "back")]


def luminance(colour: str) -> float:
    """Return the relative luminance as WCAG defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_what_wcag_says() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back"), TEXTS)
def test_text_is_read_with_ease(scheme: dict[str, str], front: str, back: str) -> None:
    assert contrast(scheme[front], scheme[back]) >= 4.5


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back"), EDGES)
def test_edges_and_lines_are_seen(scheme: dict[str, str], front: str, back: str) -> None:
    assert contrast(scheme[front], scheme[back]) >= 3


def test_both_schemes_name_the_same_colours_and_no_other_is_used() -> None:
    assert LIGHT.keys() == DARK.keys()
    assert set(re.findall(r"var\(--([\w-]+)\)", STYLE)) <= LIGHT.keys()
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b", COLOUR.sub("", STYLE)) == []
