import re
from pathlib import Path

from service.observing import waiting_bytes
from tests.service.every_metric import every_metric


def test_the_journals_segments_are_what_waits(tmp_path: Path) -> None:
    (tmp_path / "1.journal").write_bytes(b"x" * 100)
    (tmp_path / "2.journal").write_bytes(b"x" * 20)
    (tmp_path / "1.journal.damaged").write_bytes(b"x" * 3)
    assert waiting_bytes(tmp_path) == 120


def test_nothing_waits_where_there_is_no_journal(tmp_path: Path) -> None:
    assert waiting_bytes(tmp_path / "none") == 0


def test_the_document_names_every_metric_and_no_other(tmp_path: Path) -> None:
    made = {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in every_metric(tmp_path).collect()
    }
    document = (Path(__file__).parents[2] / "docs" / "monitoring.md").read_text()
    assert made == set(re.findall(r"^\| `(waypost_\w+)` \|", document, re.MULTILINE))
