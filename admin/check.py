"""`waypost check`."""

import time
from dataclasses import asdict

import click

from admin.invocation import Invocation, pass_invocation
from admin.output import json_option, print_json, say
from service.checkup import Finding, Level, check_all

COLOURS = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}


@click.command()
@json_option
@pass_invocation
@click.pass_context
def check(ctx: click.Context, invocation: Invocation, as_json: bool) -> None:
    """Look at everything and say how to mend each finding. Exit code 1 where one fails."""
    findings = []
    for finding in check_all(invocation.settings(), time.time_ns() // 1_000_000):
        findings.append(finding)
        if not as_json:
            _show(finding)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    if any(finding.level is Level.FAIL for finding in findings):
        ctx.exit(1)


def _show(finding: Finding) -> None:
    mark = click.style(f"{finding.level:<4}", fg=COLOURS[finding.level])
    say(f"{mark}  {finding.subject}: {finding.message}")
    if finding.remedy:
        say(f"      → {finding.remedy}")
