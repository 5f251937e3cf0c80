"""A project: its switches, what is kept of people, and the clients that may relay for it."""

from typing import Final

from starlette.responses import Response

from accounts.actors import Scope
from accounts.networks import network
from accounts.privacy import PrivacySettings
from accounts.projects import ProjectSettings
from connections.address_precision import AddressPrecision
from links.recipients import RecipientTracking
from rewriter.policy import Mode
from web.dashboard.pages import Pages
from web.dashboard.visit import Visit

pages = Pages()

_INHERITED: Final = ("", "as the settings say")
SWITCH: Final = (_INHERITED, ("on", "on"), ("off", "off"))


@pages.get("/accounts")
def show(visit: Visit) -> Response:
    """Show a project."""
    return visit.page(
        "accounts.html",
        project=visit.project,
        modes=_choices(Mode),
        switch=SWITCH,
        recipients=_choices(RecipientTracking),
        precisions=_choices(AddressPrecision),
    )


@pages.post("/accounts", Scope.ADMIN, again=show)
def change(visit: Visit) -> Response:
    """Set all of its settings."""
    visit.require_everywhere()
    form = visit.form
    listed = {str(each) for each in visit.project.networks}
    wanted = {str(network(each)) for each in form.get("networks").split()}
    visit.use.projects().change(
        visit.project.name,
        ProjectSettings(
            tracking=form.choice("tracking", Mode),
            unknown_senders=form.switch("unknown_senders"),
            upstream=form.get("upstream").strip() or None,
        ),
        privacy=PrivacySettings(
            recipients=form.choice("recipients", RecipientTracking),
            client_addresses=form.choice("client_addresses", AddressPrecision),
            message_days=form.number("message_days"),
            event_days=form.number("event_days"),
        ),
        add_networks=wanted - listed,
        remove_networks=listed - wanted,
    )
    return visit.go("accounts", said="The project is changed; running servers see it within seconds.")


def _choices(values: type[Mode] | type[RecipientTracking] | type[AddressPrecision]) -> list[tuple[str, str]]:
    return [_INHERITED, *((each.value, each.value) for each in values)]
