"""Numbers drawn in a terminal: a bar for each line, as long as the terminal is wide."""

import shutil
import sys
from collections.abc import Sequence
from typing import Final

import click

from admin.output import printable
from events.counting import Counts, Statistics

_COUNTS: Final = 18  # columns for the people and all of one kind
_LEAST_BAR: Final = 8
_LONGEST_NAME: Final = 40


def print_bars(name: str, found: Sequence[Statistics]) -> None:
    """Draw each line's readers who clicked (full) and who opened (light), and say the numbers."""
    width = shutil.get_terminal_size().columns - 1
    for line in drawn(name, found, width, blocks="utf" in (sys.stdout.encoding or "").lower()):
        click.echo(line)


def drawn(name: str, found: Sequence[Statistics], width: int, *, blocks: bool = True) -> list[str]:
    """Return the lines, none longer than `width` where that leaves room for numbers and names."""
    longest = max((len(printable(each.value)) for each in found), default=0)
    names = min(max(longest, len(name)), _LONGEST_NAME)
    room = max(_LEAST_BAR, width - names - 2 * _COUNTS - 2)
    most = max((max(each.opens.readers, each.clicks.readers) for each in found), default=0)
    head = f"{name:<{names}}{'clicks (all)':>{_COUNTS}}{'opens (all)':>{_COUNTS}}"
    lines = [head]
    for each in found:
        value = printable(each.value)
        shown = value if len(value) <= names else value[: names - 1] + "…"
        numbers = f"{_numbers(each.clicks):>{_COUNTS}}{_numbers(each.opens):>{_COUNTS}}"
        lines.append(f"{shown:<{names}}{numbers}  {_bar(each, most, room, blocks=blocks)}".rstrip())
    return lines


def _numbers(counts: Counts) -> str:
    return f"{counts.readers:,} ({counts.all:,})"


def _bar(each: Statistics, most: int, room: int, *, blocks: bool) -> str:
    full, light = ("█", "░") if blocks else ("#", "-")
    clicked, opened = (
        -(-counts.readers * room // most) if most else 0 for counts in (each.clicks, each.opens)
    )
    return full * clicked + light * max(0, opened - clicked)
