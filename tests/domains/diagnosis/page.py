"""Writes docs/domains-troubleshooting.md from the cases: python -m tests.domains.diagnosis.page"""

from dataclasses import replace
from pathlib import Path

from domains.diagnosis import explain, in_full
from domains.evidence import Evidence
from domains.model import TrackingDomain
from tests.domains.diagnosis.cases import CASES, TARGETS

PAGE = Path(__file__).parents[3] / "docs/domains-troubleshooting.md"
NO_RECORD = CASES["The record is missing or wrong"]["No record"]
INTRODUCTION = """\
# When a tracking domain does not work

Each check of a tracking domain (`waypost domain verify NAME`) ends in a diagnosis. This page has all of them,
for the domain `track.example.com` whose CNAME target is `links.waypost.test`.

A definite finding decides; where DNS servers fail, nothing is decided and the domain stays as it was. What
the probes, CAA and HSTS show is told beside a good record.
"""


def page() -> str:
    """Return the page."""
    lines = [INTRODUCTION]
    for chapter, cases in CASES.items():
        lines.append(f"## {chapter}\n")
        for title, (domain, evidence) in cases.items():
            lines.append(f"### {title}\n\n```text\n{_told(domain, evidence)}\n```\n")
    lines.append("## What often goes wrong with the form of a DNS provider\n")
    lines += [f"- {trap}" for trap in explain(*NO_RECORD).traps]
    return "\n".join(lines) + "\n"


def _told(domain: TrackingDomain, evidence: Evidence) -> str:
    """The traps stand at the end, once."""
    return in_full(replace(explain(domain, evidence, TARGETS), traps=()))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
