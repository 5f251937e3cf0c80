"""What every command is given."""

import os
from dataclasses import dataclass
from pathlib import Path

import click

from service.settings import Settings
from service.settings_file import load_settings


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of `waypost`: its settings are read when a command first needs them."""

    config: Path | None

    def settings(self) -> Settings:
        """Load the settings. Raises service.settings_checks.SettingsError."""
        return load_settings(self.config, os.environ)


pass_invocation = click.make_pass_decorator(Invocation)
