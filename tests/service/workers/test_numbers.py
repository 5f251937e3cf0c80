import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from events.model import Verdict
from service.workers.numbers import Kind, WorkerNumbers

WORKER = """
import sys
from pathlib import Path

from prometheus_client import CollectorRegistry
from events.model import Verdict
from relay.metrics import RelayMetrics
from service.workers.numbers import write_numbers

write_numbers(Path(sys.argv[1]), int(sys.argv[2]))
metrics = RelayMetrics(CollectorRegistry())
metrics.ended(Verdict.RELAYED, seconds=0.1)
metrics.connections.inc(3)
"""


OWNER = """
from prometheus_client import CollectorRegistry
from service.workers.numbers import WorkerNumbers

directory = WorkerNumbers(CollectorRegistry()).directory
(directory / "counter_0.db").touch()
print(directory, flush=True)
input()
"""


@pytest.fixture(autouse=True)
def temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def numbers(registry: CollectorRegistry) -> Iterator[WorkerNumbers]:
    numbers = WorkerNumbers(registry)
    yield numbers
    numbers.close()


def work(directory: Path, slot: int) -> None:
    """Relay one message and stay with three clients, in a process of its own."""
    subprocess.run([sys.executable, "-c", WORKER, directory, str(slot)], check=True)


def relayed_and_connected(registry: CollectorRegistry) -> tuple[float | None, float | None]:
    return (
        registry.get_sample_value("waypost_messages_total", {"verdict": Verdict.RELAYED}),
        registry.get_sample_value("waypost_connections"),
    )


def test_workers_add_up(registry: CollectorRegistry, numbers: WorkerNumbers) -> None:
    for _ in range(2):
        work(numbers.directory, numbers.take_slot())
    assert relayed_and_connected(registry) == (2, 6)
    assert b'waypost_messages_total{verdict="relayed"} 2.0' in generate_latest(registry)


def test_of_one_that_ended_only_what_it_counted_stays(
    registry: CollectorRegistry, numbers: WorkerNumbers
) -> None:
    for process in (100, 101):
        slot = numbers.take_slot()
        numbers.began(process, Kind.RELAY, slot)
        work(numbers.directory, slot)
    assert numbers.workers(Kind.RELAY) == 2
    assert numbers.workers(Kind.TRACKER) == 0
    numbers.ended(100)
    assert numbers.workers(Kind.RELAY) == 1
    assert relayed_and_connected(registry) == (2, 3)


def test_the_next_in_its_slot_counts_on_and_leaves_no_more_files(
    registry: CollectorRegistry, numbers: WorkerNumbers
) -> None:
    slot = numbers.take_slot()
    work(numbers.directory, slot)
    files = sorted(numbers.directory.iterdir())
    numbers.give_back(slot)
    assert numbers.take_slot() == slot
    work(numbers.directory, slot)
    assert relayed_and_connected(registry) == (2, 3)
    assert sorted(numbers.directory.iterdir()) == files


def test_deaths_are_counted_by_what_died(registry: CollectorRegistry, numbers: WorkerNumbers) -> None:
    numbers.died(Kind.TRACKER)
    assert registry.get_sample_value("waypost_worker_deaths_total", {"of": "tracker"}) == 1
    assert registry.get_sample_value("waypost_worker_deaths_total", {"of": "relay"}) is None


def test_no_two_that_live_share_a_slot(numbers: WorkerNumbers) -> None:
    assert [numbers.take_slot() for _ in range(3)] == [0, 1, 2]
    numbers.began(100, Kind.TRACKER, 1)
    numbers.ended(100)
    assert [numbers.take_slot() for _ in range(2)] == [1, 3]


def test_a_process_that_nobody_knows_gives_nothing_back(numbers: WorkerNumbers) -> None:
    slot = numbers.take_slot()
    numbers.ended(100)
    assert numbers.take_slot() != slot


def test_the_folder_goes_and_is_not_made_where_there_is_no_worker(
    registry: CollectorRegistry, tmp_path: Path
) -> None:
    numbers = WorkerNumbers(registry)
    numbers.close()
    assert list(tmp_path.iterdir()) == []
    directory = numbers.directory
    assert directory.is_dir()
    numbers.close()
    assert not directory.exists()


def make_and_close() -> None:
    numbers = WorkerNumbers(CollectorRegistry())
    assert numbers.directory.is_dir()
    numbers.close()


def test_a_folder_is_removed_after_its_process_was_killed_and_not_before() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        folder = Path(owner.stdout.readline().strip())
        make_and_close()
        assert [file.name for file in folder.iterdir()] == ["counter_0.db"]
        owner.kill()
    assert folder.is_dir()
    make_and_close()
    assert not folder.exists()


def test_what_only_bears_such_a_name_is_left_alone(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "counter_0.db").touch()
    (tmp_path / "waypost-metrics-link").symlink_to(elsewhere)
    (tmp_path / "waypost-metrics-file").touch()
    make_and_close()
    assert (elsewhere / "counter_0.db").exists()
    assert (tmp_path / "waypost-metrics-file").exists()
