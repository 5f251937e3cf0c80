"""Webhooks: which are told nothing, or fail, and why."""

from collections.abc import Iterator, Mapping
from typing import Final

from accounts.errors import AccountError
from accounts.model import DEFAULT_PROJECT_NAME
from events.webhooks.endpoint import shown
from events.webhooks.errors import StoreUnavailable
from events.webhooks.model import Webhook
from service.checkup.finding import Finding, ok, warn
from service.checkup.naming import command, few
from service.database import open_database
from service.errors import OperatorError
from service.settings import Settings
from storage.account_store import SqlAccountStore
from storage.webhook_store import SqlWebhookStore

SUBJECT: Final = "webhooks"


def look_at_webhooks(settings: Settings, _: int) -> Iterator[Finding]:
    """Look at those that an operator has not paused himself."""
    try:
        with open_database(settings) as engine:
            listed = SqlWebhookStore(engine).webhooks()
            names = {project.id: project.name for project in SqlAccountStore(engine).projects()}
    except (OperatorError, StoreUnavailable, AccountError):
        return  # the finding about the database has said it
    well = [each for each in listed if not each.failures and not each.paused]
    if well:
        yield ok(SUBJECT, f"{len(well)} of {len(listed)} are told what happens")
    yield from few(finding for each in listed for finding in _of_webhook(each, names))


def _of_webhook(webhook: Webhook, names: Mapping[int, str]) -> Iterator[Finding]:
    name = f"{webhook.id} to {shown(webhook.url)}"
    if webhook.given_up:
        remedy = f"mend the receiver, then run {_command('resume', webhook, names)}"
        yield warn(SUBJECT, f"{name} is paused: {webhook.paused_why}", remedy)
    elif webhook.failures and not webhook.paused:
        since = f"{webhook.failing_since:%Y-%m-%d %H:%M}" if webhook.failing_since else "now"
        remedy = f"try it with {_command('test', webhook, names)}; after a day it is paused"
        yield warn(SUBJECT, f"{name} fails since {since}: {webhook.failing_why}", remedy)


def _command(what: str, webhook: Webhook, names: Mapping[int, str]) -> str:
    if webhook.project is None:
        return f"waypost webhook {what} --all-projects {webhook.id}"
    return command(f"webhook {what}", names.get(webhook.project, DEFAULT_PROJECT_NAME), webhook.id)
