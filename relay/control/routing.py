"""The route of a message: the one that it names, else its credential's."""

from dataclasses import replace

from accounts.directory import AccountDirectory
from accounts.model import Route
from relay.control.reader import Control, Problem
from relay.control.wishes import Wishes, strongest_first
from relay.envelope import Client


def with_route(control: Control, client: Client, accounts: AccountDirectory) -> Control:
    """Return what the message asks for, and behind it what its route does.

    Only routes of the client's project count. Where the message names none of them, that is a problem, and
    the credential's holds: a misspelled name must not take a login for untracked mail to the defaults.
    """
    wanted = control.wishes.route
    if not (wanted or client.route):
        return control
    named = accounts.route(client.project, wanted) if wanted else None
    route = named or (accounts.route(client.project, client.route) if client.route else None)
    problems = control.problems
    if wanted and named is None:
        problems += (Problem(header="x-waypost-route", why="its project has no such route"),)
    own = replace(control.wishes, route="")
    wishes = own if route is None else strongest_first(own, _wishes(route))
    return Control(wishes=wishes, problems=problems)


def _wishes(route: Route) -> Wishes:
    return Wishes(clicks=route.clicks, opens=route.opens, text=route.text, route=route.name)
