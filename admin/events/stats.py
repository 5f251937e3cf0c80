"""`waypost events stats`: clicks and opens as numbers."""

import csv
import sys
from dataclasses import asdict
from typing import Any, Final

import click

from admin.events.bars import print_bars
from admin.events.exporting import cell
from admin.events.options import about_hits, event_filter, now
from admin.invocation import Invocation, pass_invocation
from admin.output import json_option, print_json, print_table
from events.counting import Dimension, Statistics
from events.reading import since_default, statistics
from service.database import open_event_store

_COUNTS: Final = ("readers", "human", "all_readers", "all")


@click.command()
@click.option(
    "--by",
    type=click.Choice([each.value for each in Dimension]),
    help="A line for each of these; else one for all.",
)
@about_hits
@click.option(
    "--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many lines."
)
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@pass_invocation
def stats(
    invocation: Invocation, /, by: str | None, limit: int, as_json: bool, as_csv: bool, **options: Any
) -> None:
    """Count clicks and opens, of people and of all; without --since of today and 30 days before."""
    wanted = event_filter(invocation, options, limit)
    dimension = None if by is None else Dimension(by)
    with open_event_store(invocation.settings()) as store:
        found = statistics(store, dimension, since_default(wanted, now()))
    if as_json:
        print_json([asdict(each) for each in found])
    elif as_csv:
        csv.writer(sys.stdout).writerows([_columns(by), *(map(cell, _row(each)) for each in found)])
    elif sys.stdout.isatty():
        print_bars(by or "", found)
    else:
        print_table(_columns(by), [[str(each) for each in _row(one)] for one in found])


def _columns(by: str | None) -> list[str]:
    return [by or "all", *(f"{kind}_{count}" for kind in ("open", "click") for count in _COUNTS)]


def _row(each: Statistics) -> list[str | int]:
    return [each.value, *(getattr(counts, name) for counts in (each.opens, each.clicks) for name in _COUNTS)]
