"""The table of faults in CONTRIBUTING.md names exactly the files whose tests carry their numbers."""

import re
from pathlib import Path

TESTS = Path(__file__).parent
ROW = re.compile(r"^\| (\d\d) \| [^|]+ \| ([^|]+) \|$", re.MULTILINE)
NUMBERED = re.compile(r"^(?:async )?def test_(\d\d)_", re.MULTILINE)


def test_each_fault_is_proved_where_the_table_says() -> None:
    rows = ROW.findall((TESTS.parent / "CONTRIBUTING.md").read_text())
    listed = {(number, name) for number, names in rows for name in re.findall(r"`([^`]+)`", names)}
    found = {
        (number, str(path.relative_to(TESTS)))
        for path in TESTS.rglob("test_*.py")
        for number in NUMBERED.findall(path.read_text())
    }
    assert [number for number, _ in rows] == [f"{number:02}" for number in range(1, 16)]
    assert listed == found
