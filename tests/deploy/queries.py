"""What the rules and the dashboard ask Prometheus for, and whether a server has it."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from prometheus_client.metrics_core import Metric

PROJECT: Final = Path(__file__).parents[2]
RULES: Final = PROJECT / "deploy/prometheus/waypost-alerts.yml"
RULE_TESTS: Final = RULES.with_name("waypost-alerts-test.yml")
DASHBOARD: Final = PROJECT / "deploy/grafana/waypost.json"

_OF_PROMETHEUS: Final = {"job", "instance", "le"}
_METRIC: Final = re.compile(r"\b(waypost_\w+)(?:\{([^}]*)\})?")
_MATCHER: Final = re.compile(r'(\w+)(=~|!=|=)"([^"]*)"')
_BY: Final = re.compile(r"\bby \(([^)]*)\)")

Labels = dict[str, set[str]]


def dashboard() -> Any:
    """Return Grafana's."""
    return json.loads(DASHBOARD.read_text())


def queries() -> Iterator[str]:
    """Yield each expression of the rules and of the dashboard."""
    rules = RULES.read_text()
    yield from re.findall(r"^ +expr: (?!\|)(.+)$", rules, re.MULTILINE)
    yield from re.findall(r"^ +expr: \|-\n((?: {10}.+\n)+)", rules, re.MULTILINE)
    for panel in dashboard()["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))
    for variable in dashboard()["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["query"]["query"]


def shown(families: Iterable[Metric]) -> dict[str, Labels]:
    """Return the names of all samples, with the values of their labels."""
    found: dict[str, Labels] = {}
    for family in families:
        for sample in family.samples:
            labels = found.setdefault(sample.name, defaultdict(set))
            for name, value in sample.labels.items():
                labels[name].add(value)
    return found


def missing(query: str, there: dict[str, Labels]) -> list[str]:
    """Return what a query names and the server does not show: metrics, labels, and values of labels."""
    faults: list[str] = []
    known: set[str] = set(_OF_PROMETHEUS)
    for name, matchers in _METRIC.findall(query):
        if name not in there:
            faults.append(name)
            continue
        known |= there[name].keys()
        for label, operator, value in _MATCHER.findall(matchers):
            values = value.split("|") if operator == "=~" else [value]
            if label not in _OF_PROMETHEUS and not there[name].get(label, set()).issuperset(values):
                faults.append(f"{name}{{{label}{operator}{value}}}")
    grouped = {label.strip() for labels in _BY.findall(query) for label in labels.split(",")}
    return [*faults, *sorted(grouped - known)]
