"""The command `waypost`."""

from importlib import import_module
from pathlib import Path
from typing import Any

import click

from accounts.errors import AccountError
from admin.invocation import Invocation
from certificates.errors import CertificateError
from domains.errors import DomainError
from events.ports import StoreUnavailable
from events.webhooks.errors import WebhookError
from service.errors import OperatorError

REFUSED = 1
COMMANDS = {
    "init": "admin.init",
    "serve": "admin.serve",
    "check": "admin.check",
    "send-test": "admin.send_test",
    "preview": "admin.preview",
    "domain": "admin.domain",
    "sender": "admin.sender",
    "project": "admin.project",
    "credential": "admin.credential",
    "route": "admin.route",
    "apikey": "admin.apikey",
    "user": "admin.user",
    "audit": "admin.audit",
    "tracking": "admin.tracking",
    "links": "admin.links",
    "report": "admin.report",
    "events": "admin.events",
    "webhook": "admin.webhook",
    "keys": "admin.keys",
    "tls": "admin.tls",
    "db": "admin.db",
    "completion": "admin.completion",
}
"""Each command and its module, which is imported when it is called: together they take half a second."""

REFUSALS = (OperatorError, AccountError, CertificateError, DomainError, StoreUnavailable, WebhookError)


class Commands(click.Group):
    """Turns what a use case refuses into one line on standard error and exit code 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(COMMANDS[cmd_name]), cmd_name.replace("-", "_"))
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except REFUSALS as error:
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
