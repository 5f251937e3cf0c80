"""Shows lines that change: redrawn in place on a terminal, appended elsewhere, each one once."""

import os
import shutil
import sys
import textwrap
from collections.abc import Sequence

import click

from admin.output import printable, say
from domains.sighting import Line

WAITING = "…"
_WIDTH = 9  # of a label and what follows it
_LEAST_COLUMNS = 30


class AppendedLines:
    """Says what is new since it was last said: for log files and pipes."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}

    def show(self, lines: Sequence[Line], footer: str = "") -> None:
        """`footer` is for terminals."""
        for line in lines:
            if line.text and self._said.get(line.label) != line.text:
                self._said[line.label] = line.text
                say(_labelled(line))


class RedrawnLines:
    """Keeps one block of lines on a terminal, and draws it anew where something in it changed."""

    def __init__(self) -> None:
        self._drawn: list[str] = []

    def show(self, lines: Sequence[Line], footer: str = "") -> None:
        """`footer` stands below, such as how long it is until the next look."""
        columns = max(shutil.get_terminal_size().columns - 1, _LEAST_COLUMNS)
        shown = [_labelled(Line(line.label, line.text or WAITING)) for line in lines]
        drawn = [
            row
            for text in (*shown, *([footer] if footer else []))
            # Whole rows alone: a line that the terminal wraps is more rows than the cursor goes up.
            for row in textwrap.wrap(printable(text), columns, subsequent_indent=" " * _WIDTH)
        ]
        if drawn == self._drawn:
            return
        up = f"\x1b[{len(self._drawn)}A\x1b[J" if self._drawn else ""
        click.echo(up + "\n".join(drawn), color=True)  # otherwise it may take the cursor's way up out
        self._drawn = drawn


class NoDisplay:
    """For programs, which read the result."""

    def show(self, lines: Sequence[Line], footer: str = "") -> None:
        """Show nothing."""


def live_display() -> AppendedLines | RedrawnLines:
    """Return the one that standard output can show."""
    steerable = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    return RedrawnLines() if steerable else AppendedLines()


def _labelled(line: Line) -> str:
    return f"{line.label + ':':<{_WIDTH}}{line.text}"
