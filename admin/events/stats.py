"""`waypost events stats`: clicks and opens as numbers."""

import csv
import sys
from dataclasses import asdict, replace
from typing import Any, Final

import click

from admin.events.bars import print_bars
from admin.events.exporting import cell
from admin.events.options import about_hits, event_filter, now
from admin.invocation import Invocation, pass_invocation
from admin.output import json_option, print_json, print_table
from events.counting import Dimension, Statistics, merged, ranked
from events.ports import EventFilter, EventStore
from service.database import open_event_store

_COUNTS: Final = ("readers", "human", "all_readers", "all")
_DAY: Final = 86_400_000  # milliseconds
_DAYS: Final = 30
_ALL: Final = sys.maxsize


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
    if wanted.after is None:
        # Whole days: they have sums, and the part of one would be read from its hits.
        wanted = replace(wanted, after=(now() // _DAY - _DAYS) * _DAY)
    dimension = None if by is None else Dimension(by)
    with open_event_store(invocation.settings()) as store:
        found = _statistics(store, dimension, wanted)
    if as_json:
        print_json([asdict(each) for each in found])
    elif as_csv:
        csv.writer(sys.stdout).writerows([_columns(by), *(map(cell, _row(each)) for each in found)])
    elif sys.stdout.isatty():
        print_bars(by or "", found)
    else:
        print_table(_columns(by), [[str(each) for each in _row(one)] for one in found])


def _statistics(store: EventStore, by: Dimension | None, wanted: EventFilter) -> list[Statistics]:
    if by is not Dimension.AGENT:
        return store.statistics(by, wanted)
    from events.agent_family import family  # imports ua-parser, which takes a tenth of a second

    agents = store.statistics(by, replace(wanted, limit=_ALL))
    return ranked(merged(agents, lambda agent: [family(agent)]))[: wanted.limit]


def _columns(by: str | None) -> list[str]:
    return [by or "all", *(f"{kind}_{count}" for kind in ("open", "click") for count in _COUNTS)]


def _row(each: Statistics) -> list[str | int]:
    return [each.value, *(getattr(counts, name) for counts in (each.opens, each.clicks) for name in _COUNTS)]
