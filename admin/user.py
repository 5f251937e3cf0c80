"""`waypost user`: people who sign in to the dashboard."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from accounts.actors import Scope
from accounts.errors import InvalidPassword
from admin.apikey import of_project
from admin.domain_fields import when
from admin.invocation import Invocation, pass_invocation
from admin.opening import open_people, open_projects
from admin.output import json_option, print_json, print_table, say
from service.password_file import read_password

if TYPE_CHECKING:
    from accounts.people import GeneratedLogin

_Command = TypeVar("_Command", bound=Callable[..., Any])
_STDIN = Path("-")


def password_options(command: _Command) -> _Command:
    """Give a command the ways in which a password may come: none of them shows it to other processes."""
    generate = click.option("--generate", is_flag=True, help="Generate it, and show it once.")
    file = click.option(
        "--password-file",
        type=click.Path(path_type=Path),
        help="Read it from a file, - for standard input. Default: asked for.",
    )
    return generate(file(command))


@click.group()
def user() -> None:
    """People: who signs in to the dashboard with a name and a password."""


@user.command("add")
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice([scope.value for scope in Scope]),
    default=Scope.READ.value,
    show_default=True,
    help="read; write: domains, routes, links; admin: credentials, projects, keys and people too.",
)
@password_options
@of_project
@pass_invocation
def add(
    invocation: Invocation,
    project: str,
    all_projects: bool,
    name: str,
    scope: str,
    generate: bool,
    password_file: Path | None,
) -> None:
    """Add somebody, of one project or of all."""
    settings = invocation.settings()
    number = None
    if not all_projects:
        with open_projects(settings) as projects:
            number = projects.find(project).id
    password = _password(generate, password_file)
    with open_people(settings) as people:
        if password is None:
            _show(people.add_generated(name, Scope(scope), project=number))
            return
        added = people.add(name, password, Scope(scope), project=number)
    say(f"{added.name} can sign in.")


@user.command("list")
@json_option
@pass_invocation
def list_people(invocation: Invocation, as_json: bool) -> None:
    """List the people of all projects; passwords are never shown."""
    settings = invocation.settings()
    with open_people(settings) as people:
        found = people.all()
    with open_projects(settings) as projects:
        names: dict[int | None, str] = {each.id: each.name for each in projects.all()}
    rows = [(each, names.get(each.project)) for each in found]
    if as_json:
        print_json(
            [
                {"name": each.name, "project": name, "scope": each.scope, "created_at": each.created_at}
                for each, name in rows
            ]
        )
        return
    print_table(
        ("name", "project", "scope", "made (UTC)"),
        [(each.name, name or "all", each.scope, when(each.created_at)) for each, name in rows],
    )


@user.command("password")
@click.argument("name")
@password_options
@pass_invocation
def password(invocation: Invocation, name: str, generate: bool, password_file: Path | None) -> None:
    """Set another password; all sessions end."""
    chosen = _password(generate, password_file)
    with open_people(invocation.settings()) as people:
        if chosen is None:
            _show(people.generate_password(name))
            return
        people.set_password(name, chosen)
    say(f"{name} has another password; all sessions are ended.")


@user.command("remove")
@click.argument("name")
@pass_invocation
def remove(invocation: Invocation, name: str) -> None:
    """Remove somebody; all sessions end."""
    with open_people(invocation.settings()) as people:
        removed = people.remove(name)
    say(f"{removed.name} is removed, and signed out.")


def _password(generate: bool, file: Path | None) -> str | None:
    """Return it, None for one to be generated."""
    if generate and file is not None:
        raise click.UsageError("--generate makes a password; leave out --password-file")
    if generate:
        return None
    if file == _STDIN:
        return sys.stdin.readline().rstrip("\r\n")
    if file is not None:
        return read_password(file, "--password-file")
    if not sys.stdin.isatty():
        raise InvalidPassword("there is nobody to ask for the password; use --generate or --password-file -")
    asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return asked


def _show(login: "GeneratedLogin") -> None:
    say(f"Name:     {login.person.name}")
    say(f"Password: {login.password}")
    say("Keep it now: it is stored nowhere, and is not shown again.")
