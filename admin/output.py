"""How commands speak: tables for people, JSON for programs, one clear line for an error."""

import json
import sys
from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def say(text: str) -> None:
    """Print a sentence, or lines of them, on standard output."""
    click.echo(printable(text, kept="\n\t"))


def print_json(value: Any) -> None:
    """Print `value` as indented JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Draw a table on a terminal; elsewhere print tab-separated lines under the column names."""
    if not sys.stdout.isatty():
        for row in (columns, *rows):
            click.echo("\t".join(printable(cell) for cell in row))
        return
    table = Table(*columns)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    Console().print(table)


def printable(text: str, kept: str = "") -> str:
    """Return it without control characters, except for those in `kept`."""
    # Strangers wrote it (user agents, hosts, mail): no control character reaches the operator's terminal.
    return "".join(character if character.isprintable() or character in kept else " " for character in text)
