import re
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import Mock

from sqlalchemy import make_url

from domains.directory import Directory
from relay.metrics import RelayMetrics
from service.certificates.metrics import CertificateMetrics, watch_certificates, watch_orders
from service.domain_checks.metrics import CheckMetrics
from service.live.check_backlog import LiveBacklog
from service.monitoring import new_registry
from service.observing import (
    waiting_bytes,
    watch_backlog,
    watch_domains,
    watch_process,
    watch_room,
    watch_shipping,
    watched_machine,
)
from service.settings import Settings
from service.workers.numbers import WorkerNumbers
from tracker.metrics import TrackerMetrics
from tracker.tls import TlsMetrics


def test_the_journals_segments_are_what_waits(tmp_path: Path) -> None:
    (tmp_path / "1.journal").write_bytes(b"x" * 100)
    (tmp_path / "2.journal").write_bytes(b"x" * 20)
    (tmp_path / "1.journal.damaged").write_bytes(b"x" * 3)
    assert waiting_bytes(tmp_path) == 120


def test_nothing_waits_where_there_is_no_journal(tmp_path: Path) -> None:
    assert waiting_bytes(tmp_path / "none") == 0


def test_the_document_names_every_metric_and_no_other(tmp_path: Path) -> None:
    registry = new_registry()
    RelayMetrics(registry)
    TrackerMetrics(registry)
    TlsMetrics(registry)
    CheckMetrics(registry)
    CertificateMetrics(registry)
    watch_certificates(
        registry, Mock(current={}), lambda: Directory.build([], []), lambda: datetime(2026, 3, 1, tzinfo=UTC)
    )
    watch_backlog(registry, LiveBacklog(Mock()))
    WorkerNumbers(registry)
    live = Mock(
        registry=registry, **{"numbers.workers": lambda _: 0, "directory.age": float, "ring.age": float}
    )
    live.directory.current = Directory.build([], [])
    watch_process(live, tmp_path)
    watch_domains(live)
    watch_shipping(registry, Mock(age=float, stuck=0))
    watch_room(registry, Settings)
    watched_machine(registry, Settings, make_url("sqlite:///waypost.db"))
    watch_orders(registry, Mock(cap_reached=False))
    made = {
        f"{family.name}_total" if family.type == "counter" else family.name for family in registry.collect()
    }
    document = (Path(__file__).parents[2] / "docs" / "monitoring.md").read_text()
    assert made == set(re.findall(r"^\| `(waypost_\w+)` \|", document, re.MULTILINE))
