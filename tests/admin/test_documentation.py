from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from admin.main import main

README = (Path(__file__).parents[2] / "README.md").read_text()


def commands(group: click.Group = main, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


@pytest.mark.parametrize("command", list(commands()), ids=" ".join)
def test_every_command_has_help(command: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*command, "--help"])
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 3


@pytest.mark.parametrize("command", list(commands()), ids=" ".join)
def test_every_command_stands_in_the_readme(command: tuple[str, ...]) -> None:
    row = next((line for line in README.splitlines() if line.startswith(f"| `waypost {command[0]}")), "")
    assert command[-1] in row


def test_usage_errors_exit_with_two() -> None:
    assert CliRunner().invoke(main, ["domain", "add"]).exit_code == 2
    assert CliRunner().invoke(main, ["no-such-command"]).exit_code == 2
