"""Charts as SVG, made by leather: lines over days, for pages that show the same numbers in a table.

An inline SVG without script and style: what colours it is `static/style.css`, light and dark.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from xml.etree import ElementTree as ET  # only writes here

import leather
from markupsafe import Markup

WIDTH: Final = 800
HEIGHT: Final = 280
_EMPTY: Final = 24  # of the margin that leather leaves above and below
_DATES: Final = 7  # at most so many stand below
_STEPS: Final = 5  # and so many beside

Numbers = Mapping[date, int]


class _Exactly(leather.Linear):
    """From one bound to the other; leather's own reaches beyond them to what it finds round."""

    def __init__(self, first: int, last: int) -> None:
        super().__init__(first, last)
        self._first = first
        self._length = last - first

    def project(self, value: Any, range_min: float, range_max: float) -> float:
        return range_min + (range_max - range_min) * (float(value) - self._first) / self._length


def lines(name: str, title: str, series: Mapping[str, Numbers]) -> Markup:
    """Return a line for each of the named series, over the same two days or more, in their order.

    `name` is unique in the page. Colours are the custom properties `--line-1` and so on.
    """
    days = list(next(iter(series.values())))
    chart = leather.Chart()
    # Days as numbers: leather's own axis of dates fails where they are few.
    chart.set_x_scale(_Exactly(days[0].toordinal(), days[-1].toordinal()))
    chart.add_x_axis(ticks=_some(days), tick_formatter=_day)
    heights = _heights(max(max(numbers.values()) for numbers in series.values()))
    chart.set_y_scale(_Exactly(0, heights[-1]))
    chart.add_y_axis(ticks=heights, tick_formatter=_number)
    for place, (words, numbers) in enumerate(series.items(), 1):
        points = [(day.toordinal(), number) for day, number in numbers.items()]
        chart.add_line(points, name=words, stroke_color=f"var(--line-{place})")
    return _inline(name, title, _told(series), chart.to_svg_group(WIDTH, HEIGHT))


def _inline(name: str, title: str, description: str, drawing: Any) -> Markup:
    svg = ET.Element(
        "svg",
        {
            "class": "chart",
            "viewBox": f"0 {_EMPTY} {WIDTH} {HEIGHT - 2 * _EMPTY}",
            "role": "img",
            "aria-labelledby": f"{name}-title",
            "aria-describedby": f"{name}-desc",
        },
    )
    for tag, text in (("title", title), ("desc", description)):
        ET.SubElement(svg, tag, {"id": f"{name}-{tag}"}).text = text
    svg.append(drawing)
    return Markup(ET.tostring(svg, encoding="unicode"))  # noqa: S704 - the tree has escaped what it holds


def _told(series: Mapping[str, Numbers]) -> str:
    """Say in a sentence what is seen."""
    said = []
    for words, numbers in series.items():
        top = max(numbers, key=lambda day: numbers[day])
        said.append(f"{words}: {sum(numbers.values())} in all, most on {top}: {numbers[top]}")
    return ". ".join(said) + ". The table below has the numbers."


def _some(days: Sequence[date]) -> list[int]:
    step = -(-len(days) // _DATES)
    return [day.toordinal() for day in days[::step]]


def _heights(most: int) -> list[int]:
    """Return round numbers from 0 to `most` or a little above: steps of 1, 2 or 5 times a power of ten."""
    step = next(
        factor * 10**power
        for power in range(19)
        for factor in (1, 2, 5)
        if factor * 10**power * _STEPS >= most
    )
    return list(range(0, max(most, 1) + step, step))


def _day(day: Any, *_: object) -> str:
    return f"{date.fromordinal(int(day)):%m-%d}"


def _number(number: Any, *_: object) -> str:
    return f"{int(number):,}"
