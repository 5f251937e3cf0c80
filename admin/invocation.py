"""What every command is given."""

import os
from dataclasses import dataclass
from pathlib import Path

import click

from accounts.model import DEFAULT_PROJECT_NAME
from admin.names import complete_project
from service.settings import Settings
from service.settings_file import load_settings


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of `waypost`: its settings are read when a command first needs them."""

    config: Path | None

    def settings(self) -> Settings:
        """Load the settings. Raises service.settings_checks.SettingsError."""
        return load_settings(self.config, os.environ)


project_option = click.option(
    "--project",
    default=DEFAULT_PROJECT_NAME,
    show_default=True,
    shell_complete=complete_project,
    help="The project that it belongs to.",
)
pass_invocation = click.make_pass_decorator(Invocation)


def of_project(project: str) -> str:
    """Return what to add to a command that is shown, so that it speaks of the same project."""
    return "" if project == DEFAULT_PROJECT_NAME else f" --project {project}"
