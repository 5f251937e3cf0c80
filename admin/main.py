"""The command `waypost`."""

from pathlib import Path
from typing import Any

import click

from admin.check import check
from admin.db import db
from admin.domain import domain
from admin.events import events
from admin.init import init
from admin.invocation import Invocation
from admin.keys import keys
from admin.preview import preview
from admin.send_test import send_test
from admin.sender import sender
from admin.serve import serve
from domains.errors import DomainError
from events.ports import StoreUnavailable
from service.errors import OperatorError

REFUSED = 1


class Commands(click.Group):
    """Turns what a use case refuses into one line on standard error and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (OperatorError, DomainError, StoreUnavailable) as error:
            click.echo(f"waypost: {error}", err=True)
            ctx.exit(REFUSED)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="waypost", prog_name="waypost")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="Settings file. Default: WAYPOST_CONFIG, else ./waypost.toml where it is there.",
)
@click.pass_context
def main(ctx: click.Context, config: Path | None) -> None:
    """SMTP relay for branded open and click tracking."""
    ctx.obj = Invocation(config)


for command in (init, serve, check, send_test, preview, domain, sender, events, keys, db):
    main.add_command(command)
