"""A length of time as operators type it: `90s`, `10m`, `2h`."""

import re
from typing import Final

import click

_UNITS: Final = {"s": 1, "m": 60, "h": 3_600}


class Duration(click.ParamType[float]):
    """Converts to seconds; a bare number is seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds, more than 0."""
        if isinstance(value, int | float):
            return float(value)
        parsed = re.fullmatch(r"(\d+)([smh]?)", str(value).strip())
        if parsed is None or not int(parsed[1]):
            self.fail(f"{value!r} is no length of time; write 90s, 10m or 2h", param, ctx)
        return float(int(parsed[1]) * _UNITS[parsed[2] or "s"])
