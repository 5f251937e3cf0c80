"""The options of `waypost sender set` for the rules of a sending domain, and how the rules are shown."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, Final, cast

import click

from admin.switches import INHERIT, VALUES, given, switch_option
from domains.sender_rules import RuleSettings
from rewriter.policy import Overrides, SignedMail, VisibleUrl

NONE: Final = "none"
_LIST: Final = f"LIST|{NONE}|{INHERIT}"


def rule_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each rule; they come as keywords, for `rule_settings`."""
    for option in (
        _choice("signed-mail", SignedMail, "Mail with a DKIM or ARC signature."),
        _choice("visible-url", VisibleUrl, "Links whose text is a URL of another site."),
        _hosts("allowed-destinations", "Only links to these hosts are tracked: a.example,*.a.example"),
        _hosts("excluded-hosts", "Links to these hosts stay: a.example,*.a.example"),
        switch_option("text", "Links in plain text."),
        switch_option("opens", "The open pixel."),
        switch_option("clicks", "Links."),
    ):
        command = option(command)
    return command


def rule_settings(options: dict[str, str | None]) -> RuleSettings:
    """Return what the options of `rule_options` say; those that were not given say nothing."""
    said: dict[str, Any] = given(**{name: options[name] for name in ("clicks", "opens", "text")})
    for name, read in (
        ("excluded_hosts", _read_hosts),
        ("allowed_destinations", _read_hosts),
        ("visible_url", VisibleUrl),
        ("signed_mail", SignedMail),
    ):
        if (value := options[name]) is not None:
            said[name] = None if value == INHERIT else read(value)
    return cast(RuleSettings, said)


def rules_text(rules: Overrides) -> str:
    """Return what is said, in the words of the options; "inherit" where nothing is."""
    said = {each.name.replace("_", "-"): getattr(rules, each.name) for each in fields(rules)}
    shown = [f"{name} {_shown(value)}" for name, value in said.items() if value is not None]
    return ", ".join(shown) or INHERIT


def _choice(name: str, values: type[VisibleUrl] | type[SignedMail], about: str) -> Callable[[Any], Any]:
    return click.option(f"--{name}", type=click.Choice([*map(str, values), INHERIT]), help=about)


def _hosts(name: str, about: str) -> Callable[[Any], Any]:
    return click.option(f"--{name}", metavar=_LIST, help=about)


def _read_hosts(text: str) -> tuple[str, ...]:
    return () if text == NONE else tuple(part.strip() for part in text.split(","))


def _shown(value: bool | str | tuple[str, ...]) -> str:
    if isinstance(value, bool):
        return next(word for word, each in VALUES.items() if each is value)
    if isinstance(value, tuple):
        return ",".join(value) or NONE
    return str(value)
