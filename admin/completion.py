"""`waypost completion`: what makes a shell complete commands, options and names."""

import click
from click.shell_completion import get_completion_class

from admin.output import say

COMMAND = "waypost"
VARIABLE = "_WAYPOST_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that makes a shell complete commands, options and the names of domains and projects.

    \b
    bash: waypost completion bash > ~/.local/share/bash-completion/completions/waypost
    zsh:  waypost completion zsh > a file _waypost in a folder of $fpath
    fish: waypost completion fish > ~/.config/fish/completions/waypost.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}")
    # Not source(): that runs bash to look at its version.
    script = kind(ctx.find_root().command, {}, COMMAND, VARIABLE)
    say(script.source_template % script.source_vars())
