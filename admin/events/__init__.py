"""`waypost events`: who opened and clicked."""

import click

from admin.events.exporting import export
from admin.events.listing import list_events
from admin.events.reclassifying import reclassify
from admin.events.stats import stats
from admin.events.tailing import tail


@click.group()
def events() -> None:
    """What happened to messages."""


for command in (list_events, tail, stats, export, reclassify):
    events.add_command(command)
