"""How findings about many things stay readable."""

from collections.abc import Iterable, Iterator
from typing import Final

from accounts.model import DEFAULT_PROJECT_NAME
from service.checkup.finding import Finding, Level, warn

MOST: Final = 20  # findings of a kind that are told one by one


def command(what: str, project: str, name: str) -> str:
    """Return the command that mends it."""
    option = "" if project == DEFAULT_PROJECT_NAME else f" --project {project}"
    return f"waypost {what}{option} {name}"


def few(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield what is well, and the first of the others; how many more there are in place of the rest."""
    told, left = 0, None
    more = 0
    for finding in findings:
        if finding.level is Level.OK:
            yield finding
        elif told < MOST:
            told += 1
            yield finding
        else:
            more, left = more + 1, finding
    if left is not None:
        yield warn(left.subject, f"{more} more like these", left.remedy)
