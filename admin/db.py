"""`waypost db`."""

import click

from admin.invocation import Invocation, pass_invocation
from admin.output import say
from service.database_upgrade import upgrade_database


@click.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
@pass_invocation
def upgrade(invocation: Invocation) -> None:
    """Bring the database to this version. Repeating it is harmless."""
    upgrade_database(invocation.settings(), create=True)
    say("The database is up to date.")
