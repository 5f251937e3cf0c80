"""`waypost route`: named sets of tracking switches."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, cast

import click

from accounts.model import Route
from accounts.routes import Switches
from admin.invocation import Invocation, pass_invocation, project_option
from admin.opening import open_routes
from admin.output import json_option, print_json, print_table, say
from admin.switches import given, shown, switch_option


def switch_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the switches of a route."""
    for name, about in (
        ("text", "Links in plain text."),
        ("opens", "The open pixel."),
        ("clicks", "Links in HTML."),
    ):
        command = switch_option(name, about)(command)
    return command


@click.group()
def route() -> None:
    """Routes: named sets of tracking switches in a project, such as one for invoices with no tracking."""


@route.command("add")
@click.argument("name")
@switch_options
@project_option
@pass_invocation
def add(
    invocation: Invocation, project: str, name: str, clicks: str | None, opens: str | None, text: str | None
) -> None:
    """Add a route. A switch that is not named inherits."""
    with open_routes(invocation.settings(), project) as routes:
        _say(routes.add(name, _switches(clicks, opens, text)))


@route.command("list")
@json_option
@project_option
@pass_invocation
def list_routes(invocation: Invocation, project: str, as_json: bool) -> None:
    """List the routes."""
    with open_routes(invocation.settings(), project) as routes:
        found = routes.all()
    if as_json:
        print_json([asdict(each) for each in found])
        return
    rows = [(each.name, shown(each.clicks), shown(each.opens), shown(each.text)) for each in found]
    print_table(("route", "clicks", "opens", "text"), rows)


@route.command("set")
@click.argument("name")
@switch_options
@project_option
@pass_invocation
def set_route(
    invocation: Invocation, project: str, name: str, clicks: str | None, opens: str | None, text: str | None
) -> None:
    """Change a route. What is not named stays."""
    with open_routes(invocation.settings(), project) as routes:
        _say(routes.change(name, _switches(clicks, opens, text)))


@route.command("remove")
@click.argument("name")
@click.option("--force", is_flag=True, help="Take it from the credentials that have it too.")
@project_option
@pass_invocation
def remove(invocation: Invocation, project: str, name: str, force: bool) -> None:
    """Remove a route. Credentials that have it keep it from being removed."""
    with open_routes(invocation.settings(), project) as routes:
        removal = routes.remove(name, force=force)
    for username in removal.users:
        say(f"{username} has no route now.")
    say(f"Removed the route {removal.route.name}.")


def _switches(clicks: str | None, opens: str | None, text: str | None) -> Switches:
    return cast(Switches, given(clicks=clicks, opens=opens, text=text))


def _say(listed: Route) -> None:
    switches: dict[str, Any] = {"clicks": listed.clicks, "opens": listed.opens, "text": listed.text}
    say(f"{listed.name}: {', '.join(f'{name} {shown(value)}' for name, value in switches.items())}")
