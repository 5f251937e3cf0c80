import subprocess
import sys
from pathlib import Path

from prometheus_client import CollectorRegistry

from events.model import Verdict
from service.worker_numbers import add_numbers, forget_present

WORKER = """
import sys
from pathlib import Path
from service.worker_numbers import write_numbers

write_numbers(Path(sys.argv[1]), int(sys.argv[2]))
from prometheus_client import CollectorRegistry
from events.model import Verdict
from relay.metrics import RelayMetrics

metrics = RelayMetrics(CollectorRegistry())
metrics.ended(Verdict.RELAYED, seconds=0.1)
metrics.connections.inc(3)
"""


def work(directory: Path, slot: int) -> None:
    subprocess.run([sys.executable, "-c", WORKER, directory, str(slot)], check=True)


def sums(directory: Path) -> tuple[float | None, float | None]:
    registry = CollectorRegistry()
    add_numbers(registry, directory)
    return (
        registry.get_sample_value("waypost_messages_total", {"verdict": Verdict.RELAYED}),
        registry.get_sample_value("waypost_connections"),
    )


def test_workers_add_up(tmp_path: Path) -> None:
    work(tmp_path, 0)
    work(tmp_path, 1)
    assert sums(tmp_path) == (2, 6)


def test_of_one_that_ended_only_what_it_counted_stays(tmp_path: Path) -> None:
    work(tmp_path, 0)
    work(tmp_path, 1)
    forget_present(tmp_path, 0)
    assert sums(tmp_path) == (2, 3)


def test_the_next_in_its_slot_counts_on_and_leaves_no_more_files(tmp_path: Path) -> None:
    work(tmp_path, 0)
    files = sorted(tmp_path.iterdir())
    forget_present(tmp_path, 0)
    work(tmp_path, 0)
    assert sums(tmp_path) == (2, 3)
    assert sorted(tmp_path.iterdir()) == files
