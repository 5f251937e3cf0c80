"""The options for what is kept of people, and how that is shown."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, Final, cast

import click

from accounts.privacy import MOST_DAYS, PrivacySettings, ProjectPrivacy
from admin.switches import INHERIT
from connections.address_precision import AddressPrecision
from links.recipients import RecipientTracking


class Days(click.ParamType[str]):
    """A number of days, or `inherit`."""

    name = "days"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).strip()
        if text != INHERIT and not (text.isascii() and text.isdigit() and int(text) <= MOST_DAYS):
            self.fail(f"{text!r} is no number of days; give 1 to {MOST_DAYS}, or 0 for ever", param, ctx)
        return text


people_option = click.option(
    "--recipients",
    type=click.Choice([*map(str, RecipientTracking), INHERIT]),
    help="Whether a click is a person's.",
)


def privacy_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that only a project has; they come as keywords, for `privacy_settings`."""
    for option in (
        _days("event-days", "How long its events are kept; 0: for ever."),
        _days("message-days", "How long what names their recipients is kept; 0: as long as the events."),
        click.option(
            "--client-addresses",
            type=click.Choice([*map(str, AddressPrecision), INHERIT]),
            help="How much of its readers' addresses is kept.",
        ),
    ):
        command = option(command)
    return command


def _days(name: str, about: str) -> Callable[[Any], Any]:
    return click.option(f"--{name}", type=Days(), metavar=f"DAYS|{INHERIT}", help=about)


def privacy_settings(options: dict[str, str | None]) -> PrivacySettings:
    """Return what the options say; those that were not given say nothing."""
    said: dict[str, Any] = {}
    for name, read in _READ.items():
        if (value := options[name]) is not None:
            said[name] = None if value == INHERIT else read(value)
    return cast(PrivacySettings, said)


def privacy_text(privacy: ProjectPrivacy) -> str:
    """Return what is said, in the words of the options; "inherit" where nothing is."""
    said = {each.name.replace("_", "-"): getattr(privacy, each.name) for each in fields(privacy)}
    return ", ".join(f"{name} {value}" for name, value in said.items() if value is not None) or INHERIT


_READ: Final[dict[str, Callable[[str], Any]]] = {
    "recipients": RecipientTracking,
    "client_addresses": AddressPrecision,
    "message_days": int,
    "event_days": int,
}
