"""`waypost webhook`: what happens, told over HTTP."""

import click

from admin.webhook.deliveries import deliveries, replay
from admin.webhook.managing import add, list_webhooks, remove, rotate, show
from admin.webhook.sending import pause, resume, test


@click.group()
def webhook() -> None:
    """Webhooks: servers that are told of clicks, opens, domains and certificates. docs/webhooks.md."""


for command in (add, list_webhooks, show, test, rotate, pause, resume, remove, deliveries, replay):
    webhook.add_command(command)
