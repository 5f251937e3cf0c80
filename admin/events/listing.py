"""`waypost events list`."""

from dataclasses import asdict
from typing import Any

import click

from admin.events.options import about_events, event_filter
from admin.events.rows import COLUMNS, row
from admin.invocation import Invocation, pass_invocation
from admin.output import json_option, print_json, print_table
from service.database import open_event_store


@click.command("list")
@about_events
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="At most so many.")
@json_option
@pass_invocation
def list_events(invocation: Invocation, /, limit: int, as_json: bool, **options: Any) -> None:
    """List events, the newest first."""
    wanted = event_filter(invocation, options, limit)
    with open_event_store(invocation.settings()) as store:
        found = store.events(wanted)
    if as_json:
        print_json([asdict(event) for event in found])
    else:
        print_table(COLUMNS, [row(event) for event in found])
