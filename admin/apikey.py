"""`waypost apikey`: keys for the API."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from accounts.actors import Scope
from accounts.api_keys import ApiKey
from admin.domain_fields import when
from admin.invocation import Invocation, pass_invocation, project_option
from admin.opening import open_api_keys
from admin.output import json_option, print_json, print_table, say

if TYPE_CHECKING:
    from accounts.api_keys import ApiKeys

_Command = TypeVar("_Command", bound=Callable[..., Any])


def of_project(command: _Command) -> _Command:
    """Give a command `--project` and `--all-projects`."""
    everything = click.option("--all-projects", is_flag=True, help="Those for the whole installation.")
    return project_option(everything(command))


def opened(invocation: Invocation, project: str, all_projects: bool) -> "AbstractContextManager[ApiKeys]":
    """Yield the keys that the options name."""
    return open_api_keys(invocation.settings(), None if all_projects else project)


@click.group()
def apikey() -> None:
    """API keys: what programs show to the API. Their secrets are generated and shown once."""


@apikey.command("add")
@click.option(
    "--scope",
    type=click.Choice([scope.value for scope in Scope]),
    default=Scope.READ.value,
    show_default=True,
    help="read; write: domains, routes, links; admin: credentials, projects and keys too.",
)
@click.option("--label", default="", help="What it is for, such as the name of the program.")
@json_option
@of_project
@pass_invocation
def add(
    invocation: Invocation, project: str, all_projects: bool, scope: str, label: str, as_json: bool
) -> None:
    """Make an API key. It is shown now and never again."""
    with opened(invocation, project, all_projects) as keys:
        added = keys.add(Scope(scope), label=label)
    if as_json:
        print_json({**key_fields(added.key), "key": added.token})
        return
    say(f"API key: {added.token}")
    say("Keep it now: it is stored nowhere, and is not shown again.")
    say(f"Its id, for waypost apikey revoke and the audit log: {added.key.id}")


@apikey.command("list")
@click.option("--revoked", is_flag=True, help="Show revoked ones too.")
@json_option
@of_project
@pass_invocation
def list_keys(invocation: Invocation, project: str, all_projects: bool, revoked: bool, as_json: bool) -> None:
    """List the API keys; their secrets are never shown."""
    with opened(invocation, project, all_projects) as keys:
        found = keys.all(revoked=revoked)
    if as_json:
        print_json([key_fields(each) for each in found])
        return
    print_table(
        ("id", "scope", "label", "made (UTC)", "last used (to an hour)", "state"),
        [
            (
                each.id,
                each.scope,
                each.label,
                when(each.created_at),
                when(each.last_used_at),
                f"revoked {when(each.revoked_at)}" if each.revoked_at else "live",
            )
            for each in found
        ],
    )


@apikey.command("revoke")
@click.argument("key_id")
@of_project
@pass_invocation
def revoke(invocation: Invocation, project: str, all_projects: bool, key_id: str) -> None:
    """End an API key for ever, from the next request on."""
    with opened(invocation, project, all_projects) as keys:
        revoked = keys.revoke(key_id)
    say(f"The API key {revoked.id} is revoked.")


def key_fields(key: ApiKey) -> dict[str, Any]:
    """Return it for programs, without its secret."""
    return {
        "id": key.id,
        "scope": key.scope,
        "label": key.label,
        "created_at": key.created_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
    }
