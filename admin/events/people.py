"""`waypost events about` and `waypost events forget`: the rights of a person."""

from collections.abc import Callable
from dataclasses import replace

import click

from admin.events.options import now
from admin.invocation import Invocation, pass_invocation
from admin.names import complete_project
from admin.output import print_json, say
from events.forgetting import InvalidAddress, Person, about
from service.database import open_projects
from service.key_file import load_key_ring
from service.people import forget_person, open_forgetting


class Address(click.ParamType[Person]):
    """The address of a person."""

    name = "address"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Person:
        if isinstance(value, Person):
            return value
        try:
            return Person(address=str(value).strip())
        except InvalidAddress as error:
            self.fail(str(error), param, ctx)


def _about_a_person(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--project", shell_complete=complete_project, help="In one project; else in all."),
        click.option("--recipient", type=Address(), required=True, help="The person's address."),
    ):
        command = option(command)
    return command


@click.command("about")
@_about_a_person
@pass_invocation
def about_recipient(invocation: Invocation, recipient: Person, project: str | None) -> None:
    """Print all that is stored of a person, as JSON.

    Messages to the address with their links, how relaying them ended, and what the person clicked and opened.
    Capitals make no difference. Other recipients are not in it.
    """
    person = _in_project(invocation, recipient, project)
    with open_forgetting(invocation.settings()) as store:
        print_json({"recipient": person.address, "messages": list(about(store, person))})


@click.command("forget")
@_about_a_person
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_invocation
def forget_recipient(invocation: Invocation, recipient: Person, project: str | None, yes: bool) -> None:
    """Delete what names a person, up to now; docs/privacy.md says what stays.

    Clicks and opens stay as numbers of nobody. Records that still wait in a journal are stored without the
    person, too. It may be interrupted and repeated.
    """
    person = _in_project(invocation, recipient, project)
    settings = invocation.settings()
    ring = load_key_ring(settings.keys)
    with open_forgetting(settings) as store:
        if not yes:
            where = f"the project {project}" if project else "all projects"
            click.confirm(
                f"Delete what names {person.address} in {where}? Nothing brings it back", abort=True
            )
        done = forget_person(settings, store, person, ring, now())
    total = done.forgotten
    say(
        f"Forgotten: {total.received} messages to {person.address}, {total.sent} from it, "
        f"{total.hits} clicks and opens."
    )
    if not done.wiped:
        say("The database was read all the time: old pages are still in its -wal file. Run this again.")
    for file in done.damaged:
        say(f"The address stands in {file}: look through it, and remove it.")
    say("Yours to look through: exports, backups, logs, other machines' damaged journal files.")


def _in_project(invocation: Invocation, person: Person, project: str | None) -> Person:
    if project is None:
        return person
    with open_projects(invocation.settings()) as projects:
        return replace(person, project=projects.find(project).id)
