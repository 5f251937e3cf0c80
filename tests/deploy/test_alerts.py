"""Prometheus reads the rules, each fires when it should, and what they name is there."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.queries import PROJECT, RULE_TESTS, RULES, missing, queries, shown
from tests.service.every_metric import every_metric

TEXT = RULES.read_text()
ALERTS = re.findall(r"^ +- alert: (\w+)$", TEXT, re.MULTILINE)
PAGE = (PROJECT / "docs/monitoring.md").read_text()


def promtool(*arguments: str | Path) -> None:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed: apt-get install prometheus")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_reads_the_rules() -> None:
    promtool("check", "rules", RULES)


@pytest.mark.long  # forty databases of Prometheus, one after the other
def test_each_rule_fires_when_it_should_and_else_is_quiet() -> None:
    promtool("test", "rules", RULE_TESTS)


def test_each_rule_is_tested() -> None:
    assert len(set(ALERTS)) == len(ALERTS) > 30
    assert set(ALERTS) == set(re.findall(r"alertname=\"(\w+)\"", RULE_TESTS.read_text()))


def test_each_alert_says_how_grave_it_is_and_what_to_do() -> None:
    for rule in TEXT.split("- alert: ")[1:]:
        assert re.search(r"^ +severity: (critical|warning)$", rule, re.MULTILINE), rule
        assert re.search(r"^ +summary: \S", rule, re.MULTILINE), rule
        assert re.search(r"^ +description: \S", rule, re.MULTILINE), rule
        name = rule.partition("\n")[0]
        assert f"runbook: docs/monitoring.md#{name.lower()}\n" in rule


def test_the_page_has_each_alert_and_no_other() -> None:
    rows = re.findall(r'^\| <a id="(\w+)"></a>`(\w+)`( \*\*critical\*\*)? \|(.*)\|$', PAGE, re.MULTILINE)
    assert [name for _, name, _, _ in rows] == ALERTS
    for anchor, name, critical, cells in rows:
        assert anchor == name.lower()
        assert all(cell.strip() for cell in cells.split(" | ")), name
        severity = "critical" if critical else "warning"
        assert re.search(rf"alert: {name}\n(?: {{8,}}.+\n)+?          severity: {severity}\n", TEXT), name


def test_what_is_asked_for_is_shown(tmp_path: Path) -> None:
    there, asked = shown(every_metric(tmp_path).collect()), list(queries())
    assert len(asked) > len(ALERTS) + 30
    assert [faults for query in asked if (faults := missing(query, there))] == []


@pytest.mark.parametrize(
    ("query", "faults"),
    [
        ("waypost_nothing > 0", ["waypost_nothing"]),
        ('waypost_faults_total{of="nothing"}', ["waypost_faults_total{of=nothing}"]),
        ('waypost_faults_total{of=~"record|no"}', ["waypost_faults_total{of=~record|no}"]),
        ("sum by (job, kind) (waypost_faults_total)", ["kind"]),
        ('sum by (job, of) (waypost_faults_total{instance="a", of!="record"})', []),
    ],
)
def test_what_is_not_shown_is_seen(query: str, faults: list[str], tmp_path: Path) -> None:
    assert missing(query, shown(every_metric(tmp_path).collect())) == faults
