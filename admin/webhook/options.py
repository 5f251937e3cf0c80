"""Which webhooks a command is about, and what is shown of one."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from admin.domain_fields import when
from admin.invocation import Invocation, project_option
from admin.opening import open_webhooks
from events.webhooks.model import Delivery, Kind, Webhook

if TYPE_CHECKING:
    from events.webhooks.use_cases import Webhooks
    from service.webhooks.use_cases import Trial

_Command = TypeVar("_Command", bound=Callable[..., Any])

ALL_KINDS = len(Kind)


def of_project(command: _Command) -> _Command:
    """Give a command `--project` and `--all-projects`."""
    everything = click.option("--all-projects", is_flag=True, help="Those that are told of all projects.")
    return project_option(everything(command))


def opened(
    invocation: Invocation, project: str, all_projects: bool
) -> "AbstractContextManager[tuple[Webhooks, Trial]]":
    """Yield the webhooks that the options name, and what tries them."""
    return open_webhooks(invocation.settings(), None if all_projects else project)


def state(webhook: Webhook) -> str:
    """Return how it goes, in a few words."""
    if webhook.paused:
        return f"paused {when(webhook.paused_at)}, {webhook.paused_why}"
    if webhook.failures:
        return f"failing since {when(webhook.failing_since)}: {webhook.failing_why}"
    return "active"


def webhook_fields(webhook: Webhook) -> dict[str, Any]:
    """Return it for programs, without its secrets."""
    return {
        "id": webhook.id,
        "url": webhook.url,
        "kinds": webhook.kinds,
        "label": webhook.label,
        "state": webhook.state,
        "paused_at": webhook.paused_at,
        "paused_why": webhook.paused_why,
        "failures": webhook.failures,
        "failing_since": webhook.failing_since,
        "failing_why": webhook.failing_why,
        "former_secret_until": webhook.former_until,
        "created_at": webhook.created_at,
    }


def delivery_fields(delivery: Delivery) -> dict[str, Any]:
    """Return it for programs."""
    return {
        "id": delivery.id,
        "state": delivery.state,
        "events": [{"id": each.event, "kind": each.kind, "at": each.at} for each in delivery.events],
        "attempts": delivery.attempts,
        "created_at": delivery.created_at,
        "next_attempt_at": delivery.next_attempt_at,
        "ended_at": delivery.ended_at,
        "detail": delivery.detail,
    }
