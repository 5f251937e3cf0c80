import re
from datetime import date, timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("leather", reason="leather is not installed")

from web.dashboard.charts import lines

FIRST = date(2026, 2, 25)
SVG = "{http://www.w3.org/2000/svg}"


def drawn(*numbers: list[int]) -> ET.Element:
    series = {
        f"<line> {place}": {FIRST + timedelta(days=day): number for day, number in enumerate(each)}
        for place, each in enumerate(numbers)
    }
    return ET.fromstring(lines("c", "Clicks & <opens>", series))


def test_a_chart_says_what_it_shows() -> None:
    chart = drawn([1, 5, 2], [3, 9, 4])
    assert chart.get("role") == "img"
    assert (chart.get("aria-labelledby"), chart.get("aria-describedby")) == ("c-title", "c-desc")
    assert chart.findtext("title") == "Clicks & <opens>"
    assert chart.findtext("desc") == (
        "<line> 0: 8 in all, most on 2026-02-26: 5. <line> 1: 16 in all, most on 2026-02-26: 9. "
        "The table below has the numbers."
    )
    texts = [text.text for text in chart.iter("text")]
    assert texts[:2] == ["<line> 0", "<line> 1"]
    assert texts[2:5] == ["02-25", "02-26", "02-27"]
    assert sorted(texts[5:]) == ["0", "10", "2", "4", "6", "8"]


def test_it_brings_no_script_and_no_style() -> None:
    chart = drawn([1, 2], [3, 4])
    assert {each.tag for each in chart.iter()} <= {
        "svg",
        "title",
        "desc",
        "g",
        "rect",
        "text",
        "line",
        "path",
    }
    for each in chart.iter():
        assert not any(name == "style" or name.startswith("on") for name in each.attrib)
    assert [path.get("stroke") for path in chart.iter("path")] == ["var(--line-1)", "var(--line-2)"]


@given(st.lists(st.integers(0, 10**12), min_size=2, max_size=366))
def test_every_number_is_drawn_within_the_picture(numbers: list[int]) -> None:
    [path] = drawn(numbers).iter("path")
    places = re.findall(r"[ML] (\S+) (\S+)", path.get("d") or "")
    assert len(places) == len(numbers)
    assert all(0 <= float(x) <= 800 and 0 <= float(y) <= 280 for x, y in places)
    heights = [float(y) for _, y in places]
    assert heights.index(min(heights)) == numbers.index(max(numbers))


def test_lines_go_from_one_side_to_the_other() -> None:
    chart = drawn([7] * 30)
    [path] = chart.iter("path")
    xs = [float(x) for x, _ in re.findall(r"[ML] (\S+) (\S+)", path.get("d") or "")]
    [right] = {float(line.get("x2", "")) for line in chart.iter("line") if line.get("x1") != line.get("x2")}
    assert (xs[0], xs[-1]) == (0, right)
