"""`waypost events reclassify`: judges stored clicks and opens again."""

import sys

import click

from admin.events.options import Moment, iso, now
from admin.invocation import Invocation, pass_invocation
from admin.output import say
from events.ports import JudgingStore, Rejudged
from events.verdicts import RULES
from service.database import open_judging_store


@click.command()
@click.option("--since", type=Moment(), help="From then on, such as 7d or 2026-11-21; else all.")
@pass_invocation
def reclassify(invocation: Invocation, since: int | None) -> None:
    """Judge stored clicks and opens again, by the rules of this version.

    Hits themselves stay as they came. It may be interrupted and repeated.
    """
    with open_judging_store(invocation.settings()) as store:
        span = store.span()
        if span is None:
            say("There are no clicks and opens.")
            return
        done = _with_progress(store, max(span[0], since or 0), max(span[1], now()))
    say(f"{done.hits} clicks and opens judged by version {RULES} of the rules, {done.changed} changed.")


def _with_progress(store: JudgingStore, first: int, end: int) -> Rejudged:
    done = Rejudged(reached=first, hits=0, changed=0)
    hidden = not sys.stderr.isatty()
    try:
        with click.progressbar(
            length=max(1, end - first), label="Judging", file=sys.stderr, hidden=hidden
        ) as bar:
            for step in store.rejudge(first, end):
                bar.update(step.reached - done.reached)
                done = step
    except KeyboardInterrupt:
        click.echo(
            f"\nStopped: {done.hits} were judged, and that is stored. "
            f"Go on with: waypost events reclassify --since {iso(done.reached)}",
            err=True,
        )
        raise click.exceptions.Exit(130) from None
    return done
