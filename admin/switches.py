"""Options with a third value, `inherit`: what comes after it decides."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import click

INHERIT: Final = "inherit"
VALUES: Final[Mapping[str, bool | None]] = {"on": True, "off": False, INHERIT: None}


def switch_option(name: str, about: str) -> Callable[[Any], Any]:
    """Return an option `--name on|off|inherit`."""
    return click.option(f"--{name}", type=click.Choice(list(VALUES)), help=about)


def given(**switches: str | None) -> dict[str, bool | None]:
    """Return the values of the switches that were given."""
    return {name: VALUES[value] for name, value in switches.items() if value is not None}


def shown(value: bool | None) -> str:
    """Return the word that sets this value."""
    return next(word for word, each in VALUES.items() if each is value)
