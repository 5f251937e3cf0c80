"""`waypost domain verify --all`: checks many tracking domains at a time, and tells what became of them."""

import sys
from dataclasses import asdict

import click

from admin.output import print_json, print_table, say
from domains.model import State
from domains.names import display
from service.domain_checks.batch import AllChecks, Checked
from service.settings import Settings


def verify_all(settings: Settings, project: str | None, *, as_json: bool) -> bool:
    """Check those of one project, or of all; return whether all are verified now. Raises AccountError."""
    from service.database import open_domains  # late, as in admin.opening

    with open_domains(settings) as use_cases:
        checks = AllChecks(use_cases, project, concurrency=settings.domains.concurrent_checks)
        checked = _with_progress(checks)
    checked.sort(key=lambda each: (each.project, each.name))
    if as_json:
        print_json([{"display": display(each.name), **asdict(each)} for each in checked])
    else:
        _summarise(checked)
    return len(checked) == checks.count and all(each.after is State.VERIFIED for each in checked)


def _with_progress(checks: AllChecks) -> list[Checked]:
    """Return what was checked until all were, or until Ctrl-C, which keeps what is stored."""
    checked: list[Checked] = []
    bar = click.progressbar(
        checks, length=checks.count, label="Checking", file=sys.stderr, hidden=not sys.stderr.isatty()
    )
    try:
        with bar as results:
            checked.extend(results)
    except KeyboardInterrupt:
        click.echo(f"\nStopped: {len(checked)} of {checks.count} were checked, and that is stored.", err=True)
    return checked


def _summarise(checked: list[Checked]) -> None:
    changed = [each for each in checked if each.before is not each.after]
    bad = [each for each in checked if each.after is not State.VERIFIED]
    rows = [each for each in checked if each in changed or each in bad]
    if rows:
        print_table(
            ("project", "domain", "was", "is", "seen"),
            [
                (each.project, display(each.name), each.before, each.after or "unknown", _first(each.message))
                for each in rows
            ],
        )
    say(f"{len(checked) - len(bad)} of {len(checked)} verified, {len(changed)} changed.")


def _first(message: str) -> str:
    """Return the first sentence."""
    return message.partition(". ")[0].removesuffix(".") + "."
