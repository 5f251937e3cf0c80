"""`waypost send-test`."""

import click

from admin.invocation import Invocation, pass_invocation
from admin.output import say
from service.trial_message import send_trial


@click.command("send-test")
@click.option("--from", "sender", default="test@example.com", show_default=True, help="Its From address.")
@click.option("--to", "recipient", default="reader@example.net", show_default=True, help="Its recipient.")
@pass_invocation
def send_test(invocation: Invocation, sender: str, recipient: str) -> None:
    """Send a message with one link through the running relay, and say what became of it."""
    trial = send_trial(invocation.settings(), sender, recipient)
    say(f"The relay answered: {trial.reply}")
    if trial.file is None:
        return
    say(f"The message is in {trial.file}")
    if trial.link is None:
        say(f"It is untracked. `waypost preview {trial.file}` says why.")
    else:
        say(f"Its link is tracked. Try: curl -i '{trial.link}'")
