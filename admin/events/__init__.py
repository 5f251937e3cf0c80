"""`waypost events`: who opened and clicked."""

import click

from admin.events.exporting import export
from admin.events.listing import list_events
from admin.events.people import about_recipient, forget_recipient
from admin.events.reclassifying import reclassify
from admin.events.stats import stats
from admin.events.tailing import tail


@click.group()
def events() -> None:
    """What happened to messages."""


for command in (list_events, tail, stats, export, reclassify, about_recipient, forget_recipient):
    events.add_command(command)
