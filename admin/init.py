"""`waypost init`."""

import os
import time

import click

from admin.invocation import Invocation, pass_invocation
from admin.output import say
from service.installation import Installed, install

DEMONSTRATION_STEPS = """\
Waypost is set up in this folder. Next, in a second terminal here:

  .venv/bin/waypost send-test               send a message through the relay
  ls var/outbox                             what the upstream would have got
  curl -i 'THE LINK THAT send-test PRINTS'  302 to the original URL
  .venv/bin/waypost events list             relayed, click
  .venv/bin/waypost preview var/outbox/*.eml

SMTP is on {relay}, links on http://{tracker}{dashboard};
settings are in {file}. Ctrl-C stops it.
"""

PRODUCTION_STEPS = """\
Next: set upstream.url and domains.cname_targets in {file}, then

  waypost check                        looks at everything and says how to mend it
  waypost serve                        starts it
  waypost domain add track.YOURDOMAIN  prints the CNAME record to create
"""


@click.command()
@click.option("--if-missing", is_flag=True, help="Keep a settings file that is there; make what is missing.")
@click.option("--demo", is_flag=True, help="Settings to try it on this machine alone: track every sender.")
@pass_invocation
def init(invocation: Invocation, if_missing: bool, demo: bool) -> None:
    """Write waypost.toml, make the key ring and the database."""
    now = time.time_ns() // 1_000_000
    done = install(invocation.config, os.environ, now=now, demonstration=demo, keep=if_missing)
    if done.wrote_settings:
        say(f"Wrote {done.settings_file}.")
    if done.made_keys:
        say(f"Made {done.settings.keys.file}. Back it up: every link ever sent is dead without it.")
    if done.first_login is not None:
        say(
            f"Made the first login to the dashboard on http://{done.settings.web.listen}:"
            f" {done.first_login.person.name} with the password {done.first_login.password}\n"
            "Keep it now: it is stored nowhere, and is not shown again. `waypost user password` sets another."
        )
    say(_steps(done, demo))


def _steps(done: Installed, demo: bool) -> str:
    settings = done.settings
    return (DEMONSTRATION_STEPS if demo else PRODUCTION_STEPS).format(
        file=done.settings_file,
        relay=", ".join(settings.relay.listen),
        tracker=", ".join(settings.tracker.listen),
        dashboard=f", the dashboard on http://{settings.web.listen}" if settings.web.listen else "",
    )
