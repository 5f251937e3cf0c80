"""`waypost serve`."""

import click

from admin.invocation import Invocation, pass_invocation
from service.logs import configure_logging
from service.run import Part, all_parts
from service.run import serve as run


@click.command()
@click.option(
    "--only",
    "only",
    type=click.Choice([part.value for part in Part]),
    multiple=True,
    help="Run this part alone; may be given more than once.",
)
@pass_invocation
def serve(invocation: Invocation, only: tuple[str, ...]) -> None:
    """Run relay, tracker, background work, and the API where it is installed, until SIGTERM.

    SIGHUP reads the settings again.
    """
    settings = invocation.settings()
    configure_logging(settings.log)
    run(settings, frozenset(map(Part, only)) or all_parts(), invocation.settings)
